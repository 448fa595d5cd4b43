// Package name says what is seen of a text that people gave as a name. How it is drawn or written into a page is left to others.
package name

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"wangge/internal/fault"
)

var _ = fault.Register([3]string{"name.unseen", "The {field} holds no character that can be seen.", "{field} 中没有看得见的字符。"})

// unseen are the characters that show nothing by themselves: control characters, marks that turn the direction of writing, joiners, variants, fillers.
var unseen = []*unicode.RangeTable{unicode.Cc, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point,
	{R16: []unicode.Range16{{Lo: 0x2800, Hi: 0x2800, Stride: 1}}}} // a Braille cell without a dot

// Fits reports whether s is UTF-8 of at most so many characters, none of which is a control character, no character at all (U+FFFE) or would break the line. Empty text fits.
func Fits(s string, most int) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= most && !strings.ContainsFunc(s, breaks)
}

func breaks(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Noncharacter_Code_Point, r)
}

// Hidden reports whether r shows nothing by itself, or is no character at all. Spaces are not hidden.
func Hidden(r rune) bool {
	return unicode.In(r, unseen...) || r == utf8.RuneError || r&0xFFFE == 0xFFFE
}

// Plain is text as it is written where it cannot be set apart from what stands around it, in a title, an attribute or a sentence: on one line, without
// what is hidden, so that a mark for right to left turns nothing else around.
func Plain(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\u3000':
			return r
		case unicode.IsSpace(r) || unicode.Is(unicode.Z, r):
			return ' '
		case Hidden(r):
			return -1
		}
		return r
	}, text))
}

// Seen reports whether anything in text can be seen; a text of spaces cannot.
func Seen(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.IsGraphic(r) && !unicode.In(r, unicode.Z, unicode.M) && !Hidden(r) })
}

// Check refuses a text that holds something, but nothing that can be seen: INVALID at field. Whether it may be empty, or only spaces, is left to others.
func Check(field, text string) error {
	if strings.TrimSpace(text) == "" || Seen(text) {
		return nil
	}
	return fault.New(fault.Invalid, field, "name.unseen", "field", field)
}
