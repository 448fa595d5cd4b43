package web

import (
	"net/http/httptest"
	"strings"
	"testing"
)

func TestFrame(t *testing.T) {
	r := httptest.NewRequest("GET", "/signboards/1?size=a4&lang=en&elder=1&kiosk=1", nil)
	page, err := Frame(r, Framed{Title: "A <b>", Style: "h4{margin:0}", Body: "<h4>x</h4>", Unlisted: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`<html lang="en" class="elder">`, "<title>A &lt;b&gt;</title>", "<style>h4{margin:0}</style>", "<h4>x</h4>", `content="noindex"`,
		`href="/?elder=1&amp;lang=en"`, `href="/signboards/1?elder=1&amp;kiosk=1&amp;lang=zh&amp;size=a4"`, `href="/signboards/1?kiosk=1&amp;lang=en&amp;size=a4"`, "Who looks after my block?"} {
		if !strings.Contains(string(page), want) {
			t.Errorf("it lacks %s:\n%s", want, page)
		}
	}
	if plain, err := Frame(httptest.NewRequest("GET", "/x", nil), Framed{}); err != nil || strings.Contains(string(plain), "noindex") || !strings.Contains(string(plain), `<html lang="zh-CN">`) {
		t.Errorf("%s %v", plain, err)
	}
}
