package cell

import "testing"

func TestGuard(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", ""}, {"网格", "网格"}, {"=1+1", "'=1+1"}, {"+86", "'+86"}, {"-1", "'-1"}, {"@SUM(A1)", "'@SUM(A1)"}, {"\t=1", "'\t=1"}, {"\n=1", "'\n=1"}, {"a=1", "a=1"},
		{"＝1+1", "'＝1+1"}, {"＋86", "'＋86"}, {"－1", "'－1"}, {"＠SUM(A1)", "'＠SUM(A1)"}, {"１", "１"}, {"a＝1", "a＝1"}, {"\xff", "\xff"}, {"'\xff", "'\xff"}, {"'", "'"},
	} {
		if got := Guard(c.text); got != c.want || Unguard(got) != c.text {
			t.Errorf("%q is guarded as %q, which reads %q", c.text, got, Unguard(got))
		}
	}
	if got := Unguard("'quoted'"); got != "'quoted'" {
		t.Error(got)
	}
}

func TestText(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", ""}, {"990102001001001", "'990102001001001"}, {"003", "'003"}, {"7", "'7"}, {"1234567890123456", "'1234567890123456"}, {"12345678901234e5", "'12345678901234e5"},
		{"1e10000000000000", "'1e10000000000000"}, {"12E3", "'12E3"}, {"1.5", "'1.5"}, {"2026-05-01", "'2026-05-01"}, {"1-2", "'1-2"}, {"3/4", "'3/4"}, {"7:30", "'7:30"},
		{"1e10f00000000000", "1e10f00000000000"}, {"a1", "a1"}, {"home1-02", "home1-02"}, {"-1", "'-1"}, {"=1", "'=1"}, {"e12", "e12"}, {"1e", "1e"},
	} {
		if got := Text(c.text); got != c.want || Unguard(got) != c.text {
			t.Errorf("%q as text is %q, which reads %q", c.text, got, Unguard(got))
		}
	}
}
