/* utf8: decoding, width, cleaning; see utf8.h. */
#include "ctop/utf8.h"

#include <stdbool.h>
#include <string.h>
#include <wchar.h>

static bool continues(const char *s, size_t i, size_t len)
{
	return i < len && ((unsigned char)s[i] & 0xc0) == 0x80;
}

size_t utf8_decode(const char *s, size_t len, uint32_t *cp)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char c = (unsigned char)s[0];
	size_t n = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;

	*cp = 0xfffd;
	if (n == 1)
		*cp = c;
	if (n <= 1)
		return 1;
	uint32_t v = c & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if (!continues(s, i, len))
			return 1;
		v = v << 6 | ((unsigned char)s[i] & 0x3f);
	}
	if (v < least[n] || v > 0x10ffff || (v >= 0xd800 && v < 0xe000))
		return 1;
	*cp = v;
	return n;
}

size_t utf8_encode(uint32_t cp, char out[4])
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	size_t n = cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
	for (size_t i = n - 1; i > 0; i--, cp >>= 6)
		out[i] = (char)(0x80 | (cp & 0x3f));
	out[0] = (char)((0xf00u >> n & 0xf0u) | cp);
	return n;
}

/* Ranges of two cells (Unicode East Asian Wide and Fullwidth, rounded to
 * blocks), used where the locale's wcwidth() knows nothing. */
static bool is_wide(uint32_t cp)
{
	static const uint32_t wide[][2] = {
	        {0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0x33ff}, {0x3400, 0x4dbf},
	        {0x4e00, 0x9fff},   {0xa000, 0xa4cf},   {0xac00, 0xd7a3}, {0xf900, 0xfaff},
	        {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6}, {0x1f300, 0x1f64f},
	        {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
	};
	for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++)
		if (cp >= wide[i][0] && cp <= wide[i][1])
			return true;
	return false;
}

int utf8_width(uint32_t cp)
{
	if (cp < 0x300)
		return 1;
	if ((cp >= 0x300 && cp <= 0x36f) || (cp >= 0x200b && cp <= 0x200f) ||
	    (cp >= 0x20d0 && cp <= 0x20ff) || (cp >= 0xfe00 && cp <= 0xfe0f) || cp == 0xfeff)
		return 0;
	return is_wide(cp) ? 2 : 1;
}

size_t utf8_fit(const char *s, size_t cells, size_t *used)
{
	size_t at = 0, width = 0, len = strlen(s);
	while (at < len) {
		uint32_t cp;
		size_t n = utf8_decode(s + at, len - at, &cp);
		size_t w = (size_t)utf8_width(cp);
		if (width + w > cells)
			break;
		at += n;
		width += w;
	}
	if (used != NULL)
		*used = width;
	return at;
}

size_t utf8_str_width(const char *s)
{
	size_t width;
	utf8_fit(s, (size_t)-1, &width);
	return width;
}

/* Bidirectional controls can make a terminal show a name that is not there. */
static bool is_bidi_control(uint32_t cp)
{
	return (cp >= 0x202a && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069) || cp == 0x2028 ||
	       cp == 0x2029;
}

size_t utf8_clean(const char *s, size_t len, char *out)
{
	size_t at = 0, o = 0;
	while (at < len) {
		uint32_t cp;
		at += utf8_decode(s + at, len - at, &cp);
		if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
			cp = '?';
		else if (is_bidi_control(cp))
			cp = 0xfffd;
		o += utf8_encode(cp, out + o);
	}
	out[o] = '\0';
	return o;
}
