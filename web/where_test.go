package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"wangge/domain/staff"
	"wangge/geo/coord"
)

const aPoint = "/where?lng=120.005&lat=31.005&crs=WGS84"

func TestWhereAnswers(t *testing.T) {
	town := newTown()
	w := town.get("GET", aPoint)
	want := `{"rule":"CONTAINS",` +
		`"grid":{"code":"990102001001001","name":"听雨里 \"东\" \u003cscript\u003ealert(1)\u003c/script\u003e","url":"https://grid.example/g/990102001001001"},` +
		`"worker":{"name":"欧阳 \u003cb\u003e雪\u003c/b\u003e","workPhone":"190-0000 1234","photoUrl":"https://grid.example/photos/d00test-00000000000000000000000000000003"},` +
		`"needsConfirmation":false,"boundaryDistanceM":12.4,` +
		`"candidates":[{"code":"990102001001001","name":"听雨里 \"东\" \u003cscript\u003ealert(1)\u003c/script\u003e","probability":1,"distanceM":0}],` +
		`"division":{"code":"990102001001","name":"听雨社区"}}` + "\n"
	if w.Code != 200 || w.Body.String() != want {
		t.Errorf("%d\n%s\nwant\n%s", w.Code, w.Body, want)
	}
	header := w.Header()
	if header.Get("Cache-Control") != "no-cache" || header.Get("ETag") == "" || header.Get("Content-Type") != "application/json; charset=utf-8" {
		t.Errorf("headers %v", header)
	}
	if again := town.get("GET", aPoint, "If-None-Match", header.Get("ETag")); again.Code != http.StatusNotModified || again.Body.Len() != 0 {
		t.Errorf("with its ETag: %d", again.Code)
	}
	if head := town.get("HEAD", aPoint); head.Code != 200 || head.Body.Len() != 0 || head.Header().Get("ETag") != header.Get("ETag") {
		t.Errorf("HEAD: %d, %d bytes, %v", head.Code, head.Body.Len(), head.Header())
	}
	if post := town.get("POST", aPoint); post.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", post.Code)
	}

	// Somebody else is on call: the answer that was kept must not be used.
	town.worker = staff.Worker{Key: town.worker.Key, Name: "林立"}
	changed := town.get("GET", aPoint, "If-None-Match", header.Get("ETag"))
	if changed.Code != 200 {
		t.Errorf("after a change of worker: %d", changed.Code)
	}
	wantContains(t, changed.Body.String(), `"worker":{"name":"林立","workPhone":null,"photoUrl":null}`)
}

func TestWhereWithoutGridOrWorker(t *testing.T) {
	town := newTown()
	wantContains(t, town.get("GET", "/where?lng=120.015&lat=31.005&crs=WGS84").Body.String(), `"worker":null`, `"code":"990102001001002"`)
	if got, want := town.get("GET", "/where?lng=120.5&lat=31.005&crs=WGS84").Body.String(),
		`{"rule":"NONE","grid":null,"worker":null,"needsConfirmation":true,"boundaryDistanceM":null,"candidates":[],"division":null}`+"\n"; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	wantContains(t, town.get("GET", aPoint+"&accuracy=80").Body.String(), `"probability":0.375,"distanceM":31}`)
}

func TestWhereReadsItsParameters(t *testing.T) {
	town := newTown()
	if w := town.get("GET", "/where?lng=%20120.005&lat=3.1005e1&crs=bd09&accuracy=35.5"); w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	q := town.asked
	if q.Lng != 120.005 || q.Lat != 31.005 || q.System != coord.SystemBD09 || q.AccuracyM == nil || *q.AccuracyM != 35.5 {
		t.Errorf("asked %+v", q)
	}
	if town.get("GET", aPoint); town.asked.AccuracyM != nil {
		t.Error("without accuracy one was made up")
	}
}

func TestWhereByAddress(t *testing.T) {
	town := newTown()
	wantContains(t, town.get("GET", "/where?address=听雨里3号楼").Body.String(), `"rule":"ADDRESS"`, `"code":"990102001001002"`, `"needsConfirmation":false`)
	wantContains(t, town.get("GET", "/where?address=听雨里&lng=").Body.String(), `"field":"lng"`)
	wantContains(t, town.get("GET", "/where?address=听雨里").Body.String(), `"rule":"NONE"`, `"grid":null`, `"needsConfirmation":true`, `"candidates":[{"code":"990102001001001"`)
	wantContains(t, town.get("GET", "/where?lng=120.005&lat=31.005&crs=CGCS2000&address=%20听雨里%20").Body.String(), `"rule":"CONTAINS"`)
	if town.asked.Address != "听雨里" || town.asked.Lng != 120.005 {
		t.Errorf("asked %+v", town.asked)
	}
	if len(town.apart) > 0 {
		t.Errorf("read outside one state of the data: %q", town.apart)
	}
	if town.get("GET", "/where?lng=120.005&lat=31.005&crs=CGCS2000&address=%20"); town.asked.Address != "" {
		t.Error("a blank address was asked about")
	}
}

func TestWhereRefuses(t *testing.T) {
	cases := []struct{ name, query, field string }{
		{"nothing given", "", "lng"},
		{"no latitude", "lng=120&crs=WGS84", "lat"},
		{"no system", "lng=120&lat=31", "crs"},
		{"an unknown system", "lng=120&lat=31&crs=EPSG:4326", "crs"},
		{"an empty system", "lng=120&lat=31&crs=", "crs"},
		{"an empty longitude", "lng=&lat=31&crs=WGS84", "lng"},
		{"not a number", "lng=120&lat=NaN&crs=WGS84", "lat"},
		{"infinite", "lng=Inf&lat=31&crs=WGS84", "lng"},
		{"too large for a number", "lng=1e999&lat=31&crs=WGS84", "lng"},
		{"hexadecimal", "lng=0x78p0&lat=31&crs=WGS84", "lng"},
		{"a comma for a point", "lng=120,5&lat=31&crs=WGS84", "lng"},
		{"a longitude twice", "lng=120&lng=121&lat=31&crs=WGS84", "lng"},
		{"a system twice", "lng=120&lat=31&crs=WGS84&crs=BD09", "crs"},
		{"an empty accuracy", "lng=120&lat=31&crs=WGS84&accuracy=", "accuracy"},
		{"a negative accuracy", "lng=120&lat=31&crs=WGS84&accuracy=-1", "accuracy"},
		{"an accuracy twice", "lng=120&lat=31&crs=WGS84&accuracy=1&accuracy=2", "accuracy"},
		{"an address twice", "address=a&address=b", "address"},
		{"an address that is too long", "address=too+long", "address"},
		{"a blank address alone", "address=+", "lng"},
		{"a broken escape", "lng=120&lat=31&crs=%zz", ""},
		{"outside the window", "lng=121.5&lat=31&crs=WGS84", "lng"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newTown().get("GET", "/where?"+c.query)
			var body struct {
				Error struct{ Code, Field, Message string }
			}
			if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
				t.Fatal(err)
			}
			if w.Code != 400 || body.Error.Code != "INVALID" || body.Error.Field != c.field || body.Error.Message == "" {
				t.Errorf("%d %s", w.Code, w.Body)
			}
			if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("ETag") != "" {
				t.Errorf("a refusal may be kept: %v", w.Header())
			}
		})
	}
}

func TestWhereSpeaksTheLanguageAsked(t *testing.T) {
	town := newTown()
	for name, c := range map[string]struct{ target, header, want string }{
		"English unless asked":     {"/where", "", "lng is missing."},
		"Chinese by header":        {"/where", "zh-CN,zh;q=0.9,en;q=0.8", "缺少 lng。"},
		"the better of two":        {"/where", "zh;q=0.3, en-GB;q=0.8", "lng is missing."},
		"lang before the header":   {"/where?lang=zh", "en", "缺少 lng。"},
		"a language there is none": {"/where?lang=fr", "de", "lng is missing."},
	} {
		if w := town.get("GET", c.target, "Accept-Language", c.header); !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s: %s", name, w.Body)
		}
	}
}

func TestWhereHidesWhatFailed(t *testing.T) {
	town := newTown()
	town.err = errors.New("password of the database")
	w := town.get("GET", aPoint)
	if w.Code != 500 || strings.Contains(w.Body.String(), "password") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	wantContains(t, w.Body.String(), `"code":"INTERNAL"`, `"id":"the-request"`)
}

func TestPhoto(t *testing.T) {
	town := newTown()
	path := "/photos/" + town.worker.Key.String()
	w := town.get("GET", path)
	if w.Code != 200 || w.Header().Get("Content-Type") != "image/png" || w.Body.String() != string(town.photo.Image) ||
		w.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	if again := town.get("GET", path, "If-None-Match", w.Header().Get("ETag")); again.Code != http.StatusNotModified {
		t.Errorf("with its ETag: %d", again.Code)
	}
	town.photo.MediaType = "image/svg+xml"
	for _, path := range []string{path, "/photos/nobody", "/photos/d00test-00000000000000000000000000000009"} {
		if w := town.get("GET", path); w.Code != 404 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}
