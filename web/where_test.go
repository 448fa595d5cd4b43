package web

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"wangge/domain/account"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/place"
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

// The answer of GET /where as package json would write it.
type (
	whereAnswer struct {
		Rule              grid.Rule        `json:"rule"`
		Grid              *whereGrid       `json:"grid"`
		Worker            *whereWorker     `json:"worker"`
		NeedsConfirmation bool             `json:"needsConfirmation"`
		BoundaryDistanceM *float64         `json:"boundaryDistanceM"`
		Candidates        []whereCandidate `json:"candidates"`
		Division          *whereDivision   `json:"division"`
		DataAsOf          *time.Time       `json:"dataAsOf,omitempty"`
	}
	whereGrid struct {
		Code string `json:"code"`
		Name string `json:"name"`
		URL  string `json:"url"`
	}
	whereWorker struct {
		Name      string  `json:"name"`
		WorkPhone *string `json:"workPhone"`
		PhotoURL  *string `json:"photoUrl"`
	}
	whereCandidate struct {
		Code        string  `json:"code"`
		Name        string  `json:"name"`
		Probability float64 `json:"probability"`
		DistanceM   float64 `json:"distanceM"`
	}
	whereDivision struct {
		Code string `json:"code"`
		Name string `json:"name"`
	}
)

func answerOf(f *found) whereAnswer {
	orNil := func(s string) *string {
		if s == "" {
			return nil
		}
		return &s
	}
	out := whereAnswer{Rule: f.Rule, NeedsConfirmation: f.NeedsConfirmation, Candidates: []whereCandidate{}}
	if d := f.BoundaryDistanceM; d != nil {
		shown := toCentimetres(*d)
		out.BoundaryDistanceM = &shown
	}
	for _, c := range f.Candidates {
		out.Candidates = append(out.Candidates, whereCandidate{c.Grid.Code, c.Grid.Name, c.Probability, toCentimetres(c.DistanceM)})
	}
	if g := f.Grid; g != nil {
		out.Grid = &whereGrid{g.Code, g.Name, f.public + "/g/" + url.PathEscape(g.Code)}
	}
	if a := f.onCall; a != nil {
		w, photo := a.Worker, ""
		if w.HasPhoto {
			photo = f.public + "/photos/" + w.Key.String()
		}
		out.Worker = &whereWorker{w.Name, orNil(w.WorkPhone), orNil(photo)}
	}
	if d := f.division; d != nil {
		out.Division = &whereDivision{d.Code, d.Name}
	}
	if !f.asOf.IsZero() {
		at := f.asOf.UTC().Truncate(time.Second)
		out.DataAsOf = &at
	}
	return out
}

func TestWhereWritesWhatPackageJSONWould(t *testing.T) {
	hostile := []string{"", "<", ">", "&", "听雨里", "plain", `"`, `\`, "<script>&amp;</script>", "\x00\t\n\r\x1f\x7f", "\u2028\u2029", "“‘…—", "\xff\xfe",
		"\xe2\x80", "🏘️ 𠮷", "e\u0301", "\u202e左", "\ufeff", "\ufffd", strings.Repeat("长", 300), "a/b?c#d%e"}
	numbers := []float64{0, math.Copysign(0, -1), 1, 0.5, 1.0 / 3, 1e-6, 9.9e-7, 1e-7, 5e-324, 12.345, 99999.994, 1e20, 1e21, 1e22, math.MaxFloat64, -2.5}
	random := rand.New(rand.NewPCG(4, 2))
	text := func() string { return hostile[random.IntN(len(hostile))] + hostile[random.IntN(len(hostile))] }
	number := func() float64 {
		if random.IntN(2) == 0 {
			return numbers[random.IntN(len(numbers))]
		}
		return random.NormFloat64() * math.Pow(10, float64(random.IntN(40)-20))
	}
	maybe := func() bool { return random.IntN(2) == 0 }
	for range 20_000 {
		f := &found{public: []string{"", "https://grid.example", "https://x.example/<&>"}[random.IntN(3)]}
		f.Rule, f.NeedsConfirmation = grid.Rule(text()), maybe()
		if maybe() {
			f.Grid = &grid.Grid{Code: text(), Name: text()}
		}
		if maybe() {
			d := number()
			f.BoundaryDistanceM = &d
		}
		for range random.IntN(4) {
			f.Candidates = append(f.Candidates, grid.Candidate{Grid: &grid.Grid{Code: text(), Name: text()}, Probability: number(), DistanceM: number()})
		}
		if maybe() {
			f.onCall = &staff.Assignment{Worker: staff.Worker{Key: key.Key{Home: text()}, Name: text(), WorkPhone: text(), HasPhoto: maybe()}}
		}
		if maybe() {
			f.division = &place.Division{Code: text(), Name: text()}
		}
		if maybe() {
			f.asOf = time.Unix(random.Int64N(4e9), random.Int64N(1e9)).In(time.FixedZone("", 8*3600))
		}
		want, err := json.Marshal(answerOf(f))
		if err != nil {
			continue // rounding to centimetres has taken a number beyond all others
		}
		var got jsonText
		if got.where(f); got.err != nil || string(got.b) != string(want)+"\n" {
			t.Fatalf("%v\n%s\nwant\n%s", got.err, got.b, want)
		}
	}
	var broken jsonText
	if broken.where(&found{Match: grid.Match{Candidates: []grid.Candidate{{Grid: &grid.Grid{}, Probability: math.NaN()}}}}); broken.err == nil {
		t.Errorf("a number that is none was written: %s", broken.b)
	}
}

// asNumber is what question took for a number before it was read by hand.
var asNumber = regexp.MustCompile(`^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$`)

// Package net/url is the judge of how a query is read, a regular expression of what is a number.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{"lng=120.5&lat=31&crs=WGS84", "a=1&a=2&&=&=x&b", "a=%zz", "%zz=a", "a;b=1", "a=1;b", "a+b=c+d%20e&%61=%E5%90%AC", "a==b&a=%", "&", "lng=1e3", "lng=1e1234", "lng=0x1p2", "lng=1_0",
		"lng=.5", "lng=5.", "lng=.", "lng=+", "lng=1e", "lng=1e-05", "lng=Inf", "lng=infinity", "lng=%2B1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		want, wantErr := url.ParseQuery(text)
		got, err := query(&url.URL{RawQuery: text}, nil)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%q: %v, want %v", text, err, wantErr)
		}
		if err != nil {
			return
		}
		read := url.Values{}
		for _, p := range got {
			read.Add(p.name, p.value)
		}
		if !reflect.DeepEqual(read, want) {
			t.Fatalf("%q: %v, want %v", text, read, want)
		}
		for name, values := range want {
			if first, n := got.of(name); n != len(values) || first != values[0] || !got.has("nowhere else", name) {
				t.Fatalf("%q: %s is %q, %d times", text, name, first, n)
			}
			v, err := number(params{{name, values[0]}}, name)
			if isOne := asNumber.MatchString(strings.TrimSpace(values[0])); (err == nil) && !isOne || isOne && err != nil && !strings.Contains(strings.ToLower(values[0]), "e") && len(values[0]) < 300 {
				t.Fatalf("%q: number %v, %v", values[0], v, err)
			}
		}
	})
}

func TestWhereSaysHowOldItIs(t *testing.T) {
	town := newTown()
	fresh := town.get("GET", aPoint)
	town.asOf = time.Now().Add(-90 * time.Second).In(time.FixedZone("", 8*3600))
	stale := town.get("GET", aPoint)
	at := `,"dataAsOf":"` + town.asOf.UTC().Format(time.RFC3339) + `"}` + "\n"
	if got, want := stale.Body.String(), strings.TrimSuffix(fresh.Body.String(), "}\n")+at; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if age := stale.Header().Get("Age"); age != "90" && age != "91" {
		t.Errorf("Age: %q", age)
	}
	if got := fresh.Header().Get("Age"); got != "" || stale.Header().Get("ETag") == fresh.Header().Get("ETag") {
		t.Errorf("Age of an answer that is of now: %q; ETags %q and %q", got, fresh.Header().Get("ETag"), stale.Header().Get("ETag"))
	}
	if again := town.get("GET", aPoint, "If-None-Match", stale.Header().Get("ETag")); again.Code != http.StatusNotModified || again.Header().Get("Age") == "" {
		t.Errorf("with its ETag: %d %v", again.Code, again.Header())
	}
	shown := town.asOf.Format("15:04")
	if town.asOf.YearDay() != time.Now().In(town.asOf.Location()).YearDay() {
		shown = town.asOf.Format("2006-01-02 15:04")
	}
	for target, want := range map[string]string{
		"/": "数据截至 " + shown + "，之后可能有变化。", "/g/990102001001001?lang=en": "Data as of " + shown + "; it may have changed since.",
		"/?lng=120.005&lat=31.005&crs=WGS84&part=answer": "数据截至 " + shown,
	} {
		page := town.get("GET", target)
		wantContains(t, page.Body.String(), want)
		if page.Header().Get("Age") == "" {
			t.Errorf("%s has no Age", target)
		}
	}
	town.asOf = time.Time{}
	if page := town.get("GET", "/"); strings.Contains(page.Body.String(), "数据截至") || page.Header().Get("Age") != "" {
		t.Error("a page that is of now says how old it is")
	}
}

func TestTheDayIsSaidWhereItIsAnother(t *testing.T) {
	zone := time.FixedZone("", 8*3600)
	now := time.Date(2026, 5, 2, 0, 10, 0, 0, zone)
	for at, want := range map[time.Time]string{
		now: "00:10", now.Add(-20 * time.Minute): "2026-05-01 23:50", now.AddDate(-1, 0, 0): "2025-05-02 00:10", {}: "",
	} {
		if got := clock(at, now.UTC()); got != want {
			t.Errorf("%v: %q, want %q", at, got, want)
		}
	}
}

// A short answer and a long one, whole, by its headers alone and in part, are the same answer.
func TestReplies(t *testing.T) {
	for _, body := range []string{"short", strings.Repeat("x", chunked), strings.Repeat("x", chunked+1), strings.Repeat("长", 5000)} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			reply(w, r, http.StatusOK, asJSON, []byte(body))
		}))
		ask := func(method string, headers ...string) *http.Response {
			r, err := http.NewRequest(method, server.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			for i := 0; i+1 < len(headers); i += 2 {
				r.Header.Set(headers[i], headers[i+1])
			}
			resp, err := http.DefaultTransport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			return resp
		}
		whole := ask("GET", "Accept-Encoding", "identity")
		tag := whole.Header.Get("ETag")
		if whole.StatusCode != 200 || whole.ContentLength != int64(len(body)) || !regexp.MustCompile(`^"[0-9a-f]{16}"$`).MatchString(tag) {
			t.Errorf("%d bytes: %d, length %d, ETag %s", len(body), whole.StatusCode, whole.ContentLength, tag)
		}
		if head := ask("HEAD"); head.ContentLength != int64(len(body)) || head.Header.Get("ETag") != tag {
			t.Errorf("%d bytes, HEAD: length %d, ETag %s", len(body), head.ContentLength, head.Header.Get("ETag"))
		}
		for _, given := range []string{tag, `"other", W/` + tag, "*"} {
			if resp := ask("GET", "If-None-Match", given); resp.StatusCode != http.StatusNotModified {
				t.Errorf("If-None-Match %s: %d", given, resp.StatusCode)
			}
		}
		if part := ask("GET", "Range", "bytes=1-2"); part.StatusCode != http.StatusPartialContent || part.ContentLength != 2 {
			t.Errorf("a part: %d, length %d", part.StatusCode, part.ContentLength)
		}
		server.Close()
	}
}

// The tag must not change with the program's start: this one was made by another process.
func TestTheTagOfAnAnswerLasts(t *testing.T) {
	if got, want := etag([]byte("wangge")), `"af07a67b3090c3f5"`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func BenchmarkWhere(b *testing.B) {
	town := newTown()
	mux := http.NewServeMux()
	Register(mux, Options{Grids: town, Staff: town, Places: fakePlaces{town}, Coverage: town})
	r, w := httptest.NewRequest("GET", aPoint, nil), httptest.NewRecorder()
	r = r.WithContext(account.NewContext(r.Context(), account.Anyone()))
	b.ReportAllocs()
	for b.Loop() {
		clear(w.Header())
		w.Body.Reset()
		mux.ServeHTTP(w, r)
	}
}
