package acceptance

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/ledongthuc/pdf"
)

// The code on the cover of an atlas leads to the community's page, which says whether all in it holds: until a number in it is another.
func TestScanningAnAtlas(t *testing.T) {
	w := newPrinting(t)
	cover := func() (address, mark string) {
		t.Helper()
		file := w.get("/signboards/atlas/990102001001.pdf").Body.Bytes()
		printed := regexp.MustCompile(`版本标识\s*([0-9a-f]{8})`).FindStringSubmatch(text(t, file))
		if printed == nil {
			t.Fatal("the atlas has no mark")
		}
		address = "/c/990102001001?m=" + printed[1]
		r, err := pdf.NewReader(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			t.Fatal(err)
		}
		if led := r.Page(1).V.Key("Annots").Index(0).Key("A").Key("URI").RawString(); led != "https://grid.example.org"+address {
			t.Errorf("its code leads to %s, not to %s", led, address)
		}
		return address, printed[1]
	}
	says := func(when, address, want string) {
		t.Helper()
		got := w.get(address)
		for try := 0; try < 5 && strings.Contains(got.Body.String(), "现在无法核对"); try++ { // a machine that is busy
			got = w.get(address)
		}
		if got.Code != 200 || !strings.Contains(got.Body.String(), want) {
			t.Errorf("%s, %s: %d, it does not say %q", when, address, got.Code, want)
		}
	}
	before, mark := cover()
	says("just drawn", before, "您扫的图册是最新的")
	says("typed in capitals", "/c/990102001001?m="+strings.ToUpper(mark), "您扫的图册是最新的")
	says("of no state that was", "/c/990102001001?m=00000000", "您扫的图册已过时")
	says("no mark", "/c/990102001001?m=xyz", "无法核对您扫的图册")
	w.phone(t, 3, "154 9901 0001")
	says("another number in it", before, "您扫的图册已过时")
	after, _ := cover()
	says("drawn anew", after, "您扫的图册是最新的")
}
