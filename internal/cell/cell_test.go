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
