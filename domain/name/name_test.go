package name

import (
	"strings"
	"testing"

	"wangge/internal/fault"
)

func TestWhatIsPlain(t *testing.T) {
	for text, want := range map[string]string{
		"":                              "",
		"采薇新村西网格":                       "采薇新村西网格",
		"ئۈرۈمچى":                       "ئۈرۈمچى",
		"<script>alert(1)</script>":     "<script>alert(1)</script>", // whoever writes markup escapes it
		"a\u202egrid\u202c\u2066\u2069": "agrid",
		"\u200e\u200f网\u200b格\ufeff":    "网格",
		"一\n二\u2028三\t四":                "一 二 三 四",
		"葛\U000e0100城":                  "葛城",
		" \u3164\u2800x\u00ad\x00 ":     "x",
		"a\xffb":                        "ab",
		strings.Repeat("长", 60):         strings.Repeat("长", 60),
	} {
		if got := Plain(text); got != want {
			t.Errorf("%q is %q, not %q", text, got, want)
		}
	}
}

func TestWhatFits(t *testing.T) {
	for text, want := range map[string]bool{
		"": true, "采薇新村": true, "𠮷": true, "四个字了": true, "五个字多了": false, "a\nb": false, "a\x00": false, "a\u2028b": false, "a\xffb": false,
		"a\ufffe": false, "\uffffa": false, "a\U0001fffe": false, "a\U0010ffff": false, "a\ufdd0": false, "a\ufffd": true, "a\ue000": true,
	} {
		if Fits(text, 4) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}

func TestWhatCanBeSeen(t *testing.T) {
	for text, want := range map[string]bool{
		"网": true, "\u202e1": true, "𠮷": true, "…": true,
		"": false, " ": false, "\u3000": false, "\u200b\u200d": false, "\u202e\u202c": false, "\u3164": false, "\u2800": false, "\ufe0f": false, "\u0301": false, "\x00": false,
	} {
		if Seen(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}

func TestANameThatCannotBeSeenIsRefused(t *testing.T) {
	for text, refused := range map[string]bool{"": false, "  ": false, "张\u200b三": false, "\u200b": true, " \u202e \u2066": true} {
		err := Check("name", text)
		if refused != fault.Is(err, fault.Invalid) || refused && fault.As(err).Field != "name" || !refused && err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
	f := fault.As(Check("name", "\u200b"))
	if zh, en := f.Text(fault.Chinese), f.Text(fault.English); !strings.Contains(zh, "看得见") || !strings.Contains(en, "can be seen") {
		t.Errorf("%s / %s", zh, en)
	}
}

func TestFits(t *testing.T) {
	for _, c := range []struct {
		name, text string
		most       int
		want       bool
	}{
		{"nothing", "", 0, true},
		{"as long as may be, in characters", strings.Repeat("网", 20), 20, true},
		{"one more", strings.Repeat("网", 21), 20, false},
		{"a rare character", "\U0002A6D6\U00030EDE", 2, true},
		{"a space", "a b", 3, true},
		{"a line's end", "a\nb", 9, false},
		{"a tab", "a\tb", 9, false},
		{"a control of before Unicode", "a\u0085b", 9, false},
		{"a line separator", "a\u2028b", 9, false},
		{"a paragraph separator", "a\u2029b", 9, false},
		{"not UTF-8", "a\xff", 9, false},
	} {
		if got := Fits(c.text, c.most); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
