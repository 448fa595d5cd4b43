package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"

	"wangge/domain/account"
	"wangge/domain/page"
	"wangge/internal/fault"
)

// FuzzCursor: a cursor is one that this API could have made, or INVALID at after.
func FuzzCursor(f *testing.F) {
	f.Add(page.Cursor{Order: "CODE", Text: "990102001001001", ID: "x"}.Encode())
	f.Add(page.Cursor{Order: "AREA", Num: 3.5, ID: "y"}.Encode())
	f.Add(page.Cursor{Order: "CODE", Text: "a\x00", ID: "z"}.Encode())
	f.Add("")
	f.Add("eyJvIjoiQ09ERSJ9")
	p := &plan{actor: account.Anyone()}
	f.Fuzz(func(t *testing.T, after string) {
		args, err := p.page(nil, &after, "CODE")
		if err != nil {
			if e := fault.As(err); e.Code != fault.Invalid || e.Field != "after" {
				t.Fatalf("%q: %v at %q", after, err, e.Field)
			}
			return
		}
		again := args.After.Encode()
		if read, err := p.page(nil, &again, "CODE"); err != nil || *read.After != *args.After {
			t.Errorf("%q reads as %+v, which reads as %+v, %v", after, args.After, read.After, err)
		}
	})
}

// Nobody asks for answers of the past again.
func TestAnswersOfThePastMakeRoom(t *testing.T) {
	a := newAnswers(1<<20, func() (string, bool) { return "", true })
	ask := func(version, sent string) {
		a.once(t.Context(), answerKey{version: version, sent: sent}, func() *reply { return &reply{text: []byte(`{"data":null}`)} })
	}
	ask("1", "a")
	ask("1", "b")
	ask("2", "a")
	for _, k := range []answerKey{{version: "1", sent: "a"}, {version: "1", sent: "b"}} {
		if a.find(&k) != nil {
			t.Errorf("%q of the past is kept", k.sent)
		}
	}
	if a.find(&answerKey{version: "2", sent: "a"}) == nil {
		t.Error("what is of now is not kept")
	}
}

// watched is a context that notes how many long bodies are being decoded whenever it is asked for a value, as it is for the actor
// once a request's variables are read.
type watched struct {
	context.Context
	most *int
}

func (w watched) Value(key any) any {
	*w.most = max(*w.most, len(longBodies))
	return w.Context.Value(key)
}

// The variables of a long body are decoded in its turn, too, and the place is given back.
func TestLongVariablesWaitTheirTurn(t *testing.T) {
	s, err := NewHandler(&Resolver{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(spaces int) (most int) {
		body := `{"query": "query ($b: Boolean!) { __typename @include(if: $b) }", "variables": {"b": true` + strings.Repeat(" ", spaces) + `}}`
		r := httptest.NewRequest("POST", "/graphql", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r.WithContext(watched{r.Context(), &most}))
		if !strings.Contains(w.Body.String(), `{"data":{"__typename":"Query"}}`) || len(longBodies) != 0 {
			t.Errorf("%d bytes: %s, and then %d places are taken", len(body), w.Body, len(longBodies))
		}
		return most
	}
	if short, long := ask(0), ask(longBody); short != 0 || long != 1 {
		t.Errorf("a short body takes %d places, a long one %d", short, long)
	}
}

// However many variables are sent, what is decoded beside a list is what the operation has, once.
func TestVariablesThatNobodyAskedForCostNothing(t *testing.T) {
	s, err := NewHandler(&Resolver{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	p, wrong := s.documents.of(`query ($list: [PointInput!]!, $b: Boolean!) { gridsAt(points: $list) { rule } __type(name: "x") { fields(includeDeprecated: $b) { name } } }`, "")
	if wrong != nil {
		t.Fatal(wrong)
	}
	const list = `"list": [{"lng": 1, "lat": 2, "crs": "WGS84"}]`
	for name, more := range map[string]string{"unknown": `, "a": 1`, "repeated": `, "b": true`} {
		text := []byte("{" + list + strings.Repeat(more, 1000) + "}")
		if took := testing.AllocsPerRun(3, func() { p.given(text) }); took > 100 {
			t.Errorf("1000 %s variables make %v pieces of memory", name, took)
		}
	}
	if given, ok := p.given([]byte(`{"b": false, "a": 1, ` + list + `}`)); !ok || len(given) != 2 || given["b"] != false {
		t.Errorf("%v, %v", given, ok)
	}
}

// FuzzMembers: an object has the members that package json finds in it, and what it refuses is refused alike.
func FuzzMembers(f *testing.F) {
	for _, body := range []string{`{"query": "{ a }", "variables" : {"x": [1, "}"]} , "variables":null }`, `{"\u0061": 1, "a": 2}`, `{"a": "\ud800"}`, `{"a": "\\", "b": "\"}"}`,
		`{} {}`, `{"a": 01}`, `{"a": -0, "a": 1e400}`, "{\"a\": \"\xff\"}", "{\"\": \"\x01\"}", `{"a": [}`, `null`, `"a"`, `{"a":1,}`, ``, `{`, "\ufeff{}", `{"a":[[[[]]]]`} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if !utf8.Valid(body) { // which is refused before
			return
		}
		var want map[string]json.RawMessage
		wrong := json.Unmarshal(body, &want)
		got, err := membersOf(body)
		if (err == nil) != (wrong == nil) || err != nil && err.Error() != wrong.Error() {
			t.Fatalf("%q: %v, want %v", body, err, wrong)
		}
		if err == nil && !maps.EqualFunc(got, want, func(a, b json.RawMessage) bool { return bytes.Equal(bytes.TrimRight(a, " \t\r\n"), b) }) {
			t.Fatalf("%q: %q, want %q", body, got, want)
		}
	})
}
