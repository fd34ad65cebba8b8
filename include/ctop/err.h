/* err: errors as values.
 *
 * A function that can fail returns `enum ctop_err`; where a person will read
 * the reason it also takes a `struct err *`, which the caller owns and which
 * keeps one line: the cause, then the cure. `struct err *` may be NULL when
 * the caller does not care. No globals; usable from any thread as long as one
 * `struct err` belongs to one thread.
 */
#ifndef CTOP_ERR_H
#define CTOP_ERR_H

enum ctop_err {
	CTOP_OK = 0,
	CTOP_EINVAL,  /* the caller or the user passed something unusable */
	CTOP_ENOENT,  /* the thing asked for does not exist (any more) */
	CTOP_EPERM,   /* the kernel or a file mode refused */
	CTOP_EIO,     /* a read or write failed */
	CTOP_EFORMAT, /* bytes that do not follow their format */
	CTOP_ETRUNC,  /* bytes that follow their format but end early */
	CTOP_ELIMIT,  /* a bound (descriptors, memory, a table) was reached */
	CTOP_EAGAIN,  /* not now: nothing to read, or no room to write */
	CTOP_EUNSUP,  /* this kernel, machine or build cannot do it */
};

/* One error with its text. Zero-initialised means "no error". */
struct err {
	enum ctop_err code;
	char text[768]; /* UTF-8, NUL-terminated, no trailing newline */
};

/* Sets *e (when not NULL) to `code` and the formatted text; returns `code`,
 * so that `return err_set(e, CTOP_EIO, ...)` reads naturally. */
enum ctop_err err_set(struct err *e, enum ctop_err code, const char *fmt, ...)
        __attribute__((format(printf, 3, 4)));

/* The same, with ": " and strerror(errnum) added. */
enum ctop_err err_errno(struct err *e, enum ctop_err code, int errnum, const char *fmt, ...)
        __attribute__((format(printf, 4, 5)));

/* The kind of an errno: EACCES and EPERM are CTOP_EPERM, and so on. */
enum ctop_err err_from_errno(int errnum);

#endif
