package key

import (
	"runtime"
	"strings"
	"testing"
	"unsafe"
)

func TestParseReadsWhatStringWrote(t *testing.T) {
	k := Key{Home: Random{}.NewHome(), ID: Random{}.NewID()}
	if got, ok := Parse(k.String()); !ok || got != k {
		t.Errorf("%v became %v, %v", k, got, ok)
	}
	id := k.String()[len(k.Home)+1:]
	for _, bad := range []string{"", "-", id, "abc-" + id, "demo\x00004-" + id, "demo\xff04-" + id, "DEMO0004-" + id, "demo0004-" + id[1:], "demo0004-" + id[1:] + "g", "demo0004-" + id + "0"} {
		if k, ok := Parse(bad); ok {
			t.Errorf("%q was read as %v", bad, k)
		}
	}
}

// What is read today is compared with what was read months ago.
func TestAHomeIsSharedForGood(t *testing.T) {
	first := SharedHome(strings.Clone("home1"))
	runtime.GC()
	runtime.GC()
	if later := SharedHome(strings.Clone("home1")); later != first || unsafe.StringData(later) != unsafe.StringData(first) {
		t.Errorf("%q and %q are two copies", first, later)
	}
}
