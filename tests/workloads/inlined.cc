/* inlined: functions the optimizer puts into one another: templates, lambdas, recursion, a method.
 * What they compute does not matter; where they end up does.
 */
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

namespace shop
{
struct item {
	int price, amount;
	int worth() const
	{
		return price * amount;
	}
};

static inline int mix(int x)
{
	for (int i = 0; i < 40; i++)
		x = x * 1103515245 + 12345;
	return x;
}

template <typename T> static inline long total(const std::vector<T> &all)
{
	long sum = 0;
	for (const T &one : all)
		sum += mix(one.worth());
	return sum;
}

class store
{
	std::vector<item> items;
	std::map<std::string, long> sums;

      public:
	explicit store(int n) : items(static_cast<size_t>(n))
	{
		refill();
	}
	void refill()
	{
		for (item &i : items)
			i = {rand() % 1000, rand() % 10};
	}
	__attribute__((noinline)) long work(const std::string &name)
	{
		auto cheaper = [](const item &a, const item &b) { return a.worth() < b.worth(); };
		std::sort(items.begin(), items.end(), cheaper);
		return sums[name] += total(items);
	}
};
} // namespace shop

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 0;
	shop::store s(20000);
	long sum = 0;
	for (int i = 0; rounds == 0 || i < rounds; i++) {
		sum += s.work("all");
		s.refill();
	}
	printf("%ld\n", sum);
	return 0;
}
