#include <pthread.h>
#include <unistd.h>
static volatile long x;
static __attribute__((noinline)) void leaf_a(void){for(int i=0;i<1000000;i++)x++;}
static __attribute__((noinline)) void leaf_b(void){for(int i=0;i<500000;i++)x++;}
static __attribute__((noinline)) void work(int n){ if(n>0){work(n-1);return;} leaf_a(); leaf_b();}
static void*t(void*a){pthread_setname_np(pthread_self(),"sleeper");for(;;)sleep(1);return a;}
int main(void){pthread_t p;pthread_create(&p,0,t,0);for(;;)work(5);}
