/* err: errors as values; see err.h. */
#include "ctop/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum ctop_err err_set(struct err *e, enum ctop_err code, const char *fmt, ...)
{
	if (e != NULL) {
		va_list ap;
		va_start(ap, fmt);
		e->code = code;
		vsnprintf(e->text, sizeof e->text, fmt, ap);
		va_end(ap);
	}
	return code;
}

enum ctop_err err_errno(struct err *e, enum ctop_err code, int errnum, const char *fmt, ...)
{
	if (e != NULL) {
		va_list ap;
		va_start(ap, fmt);
		e->code = code;
		vsnprintf(e->text, sizeof e->text, fmt, ap);
		va_end(ap);
		size_t used = strlen(e->text);
		char why[128];
		snprintf(e->text + used, sizeof e->text - used, ": %s",
		         strerror_r(errnum, why, sizeof why));
	}
	return code;
}

enum ctop_err err_from_errno(int errnum)
{
	switch (errnum) {
	case 0:
		return CTOP_OK;
	case EACCES:
	case EPERM:
		return CTOP_EPERM;
	case ENOENT:
	case ESRCH:
	case ENODEV:
		return CTOP_ENOENT;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
	case ENOSPC:
		return CTOP_ELIMIT;
	case EINVAL:
		return CTOP_EINVAL;
	case EAGAIN:
		return CTOP_EAGAIN;
	case ENOSYS:
	case EOPNOTSUPP:
		return CTOP_EUNSUP;
	default:
		return CTOP_EIO;
	}
}
