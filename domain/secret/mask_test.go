package secret

import (
	"testing"
	"time"
)

func TestMasks(t *testing.T) {
	for _, c := range []struct {
		name     string
		mask     func(string) string
		in, want string
	}{
		{"an identity number", MaskIdentity, "11010519491231002X", "110***********002X"},
		{"an old one of 15 digits", MaskIdentity, "110105491231002", "110********1002"},
		{"a passport", MaskIdentity, "E12345678", "*********"},
		{"a mobile number", MaskPhone, "13812345678", "138****5678"},
		{"a mobile number as people write it", MaskPhone, "138 1234-5678", "138****5678"},
		{"one with its country", MaskPhone, "+86 13812345678", "***********78"},
		{"a telephone at home", MaskPhone, "0351-7654321", "*********21"},
		{"a short number", MaskPhone, "66778", "*****"},
		{"two characters", MaskName, "张明", "张**"},
		{"three characters", MaskName, "张晓明", "张**"},
		{"a family name of two", MaskName, "欧阳修远", "欧阳**"},
		{"such a name with one more", MaskName, "欧阳修", "欧阳**"},
		{"no family name of two, for there is no more", MaskName, "司马", "司**"},
		{"four characters", MaskName, "阿卜杜拉", "阿**"},
		{"one", MaskName, "张", "**"},
		{"Latin letters", MaskName, "Anna Li", "A**"},
		{"none", MaskName, "", ""},
		{"a day", MaskDay, "1949-12-31", "1949-**-**"},
		{"no day", MaskDay, "19491231", "*"},
	} {
		if got := c.mask(c.in); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// The first two are the standard's own examples (GB 11643-1999, annex).
func TestIdentityNumbers(t *testing.T) {
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		in   string
		want IdentityCheck
	}{
		{"11010519491231002X", IdentityRight},
		{"440524188001010014", IdentityRight},
		{" 110105 19491231 002x ", IdentityRight},
		{"１１０１０５１９４９１２３１００２ｘ", IdentityRight},
		{"110105194912310021", IdentityDigit},
		{"110105194912310029", IdentityDigit},
		{"11010519490231002X", IdentityDay},
		{"11010520991231002X", IdentityDay},
		{"1101051949123100", IdentityForm},
		{"01010519491231002X", IdentityForm},
		{"X1010519491231002X", IdentityForm},
		{"", IdentityForm},
	} {
		if got := CheckIdentity(IdentityNumber(c.in), now); got != c.want {
			t.Errorf("%q: %d, want %d", c.in, got, c.want)
		}
	}
	if got := BornOn("11010519491231002X"); got != "1949-12-31" {
		t.Errorf("born on %s", got)
	}
	if got := Digits("＋86 (0351) ７６54-321"); got != "8603517654321" {
		t.Errorf("digits %s", got)
	}
}
