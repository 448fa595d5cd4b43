package graph_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"slices"
	"strings"
	"testing"

	"wangge/domain/account"
)

func TestMutations(t *testing.T) {
	s := newTown(t)
	op := account.TheOperator()
	into := func(a answer, v any) {
		t.Helper()
		if a.Errors != nil {
			t.Fatalf("answered %s", a.Raw)
		}
		if err := json.Unmarshal(a.Data, v); err != nil {
			t.Fatal(err)
		}
	}
	onCall := func(code string) string {
		t.Helper()
		var data struct {
			Grid struct{ Worker *struct{ Name string } }
		}
		into(s.ask(t, account.Anyone(), `query ($c: ID!) { grid(code: $c) { worker { name } } }`, map[string]any{"c": code}), &data)
		if data.Grid.Worker == nil {
			return ""
		}
		return data.Grid.Worker.Name
	}
	third := gridCode(c1, 3)

	const create = `mutation ($in: CreateWorkerInput!) { createWorker(input: $in) { worker { id name workPhone duties photoUrl } } }`
	newWorker := func(name string) string {
		t.Helper()
		var data struct {
			CreateWorker struct{ Worker struct{ ID, Name string } }
		}
		into(s.ask(t, op, create, map[string]any{"in": map[string]any{"name": name, "workPhone": "0555-1", "duties": []string{"调解"},
			"area": map[string]any{"kind": "GRID", "name": third}}}), &data)
		if data.CreateWorker.Worker.Name != name {
			t.Errorf("the new worker is %+v", data)
		}
		return data.CreateWorker.Worker.ID
	}
	a, b := newWorker("孙甲"), newWorker("孙乙")

	const appoint = `mutation ($in: AppointWorkerInput!) { appointWorker(input: $in) { assignment { id post cover from until away worker { name } area { kind name } } } }`
	office := func(worker, cover string) map[string]any {
		return map[string]any{"in": map[string]any{"workerId": worker, "post": "GRID_WORKER", "cover": cover, "area": map[string]any{"kind": "GRID", "name": third}}}
	}
	var appointed struct {
		AppointWorker struct {
			Assignment struct {
				ID, From string
				Area     struct{ Name string }
			}
		}
	}
	into(s.ask(t, op, appoint, office(a, "A")), &appointed)
	if got := appointed.AppointWorker.Assignment.Area.Name; got != third {
		t.Errorf("the area is named %q", got)
	}
	if appointed.AppointWorker.Assignment.From != "2026-03-02" {
		t.Errorf("in office from %s, want today", appointed.AppointWorker.Assignment.From)
	}
	if got := onCall(third); got != "孙甲" {
		t.Errorf("on call is %q after the appointment", got)
	}
	into(s.ask(t, op, appoint, office(b, "B")), &struct{}{})
	into(s.ask(t, op, `mutation ($in: RecordAbsenceInput!) { recordAbsence(input: $in) { id from until } }`,
		map[string]any{"in": map[string]any{"workerId": a, "from": "2026-03-02", "until": "2026-03-03"}}), &struct{}{})
	if got := onCall(third); got != "孙乙" {
		t.Errorf("on call is %q while A is away", got)
	}
	const end = `mutation ($in: EndAssignmentInput!) { endAssignment(input: $in) { id until } }`
	into(s.ask(t, op, end, map[string]any{"in": map[string]any{"id": appointed.AppointWorker.Assignment.ID, "until": "2026-03-10"}}), &struct{}{})

	t.Run("a worker's record", func(t *testing.T) { records(t, s, into) })

	const setPolicy = `mutation ($in: SetSizePolicyInput!) { setSizePolicy(input: $in) { division { code sizePolicy { householdsMin householdsMax householdsTarget version division { code } } } again: division { name } } }`
	var set struct {
		SetSizePolicy struct {
			Division struct {
				SizePolicy struct{ HouseholdsMin, HouseholdsMax, HouseholdsTarget, Version int }
			}
			Again struct{ Name string }
		}
	}
	into(s.ask(t, op, setPolicy, map[string]any{"in": map[string]any{"division": c1, "version": 0, "householdsMin": 200}}), &set)
	if p := set.SetSizePolicy.Division.SizePolicy; p.HouseholdsMin != 200 || p.HouseholdsMax != 500 || p.HouseholdsTarget != 300 || p.Version != 1 || set.SetSizePolicy.Again.Name != "晴川社区" {
		t.Errorf("the policy is %+v", set)
	}

	refused := []struct {
		name, query string
		in          map[string]any
		code, field string
		unread      bool // refused before it is looked at who asks
	}{
		{"no name", create, map[string]any{"name": " ", "area": map[string]any{"kind": "GRID", "name": third}}, "INVALID", "[input name]", false},
		{"21 duties", create, map[string]any{"name": "x", "duties": slices.Repeat([]string{"巡查"}, 21), "area": map[string]any{"kind": "GRID", "name": third}}, "INVALID", "[input duties]", false},
		{"a duty of two lines", create, map[string]any{"name": "x", "duties": []string{"巡查", "调\n解"}, "area": map[string]any{"kind": "GRID", "name": third}}, "INVALID", "[input duties 1]", false},
		{"an unknown area", create, map[string]any{"name": "x", "area": map[string]any{"kind": "GRID", "name": "nowhere"}}, "NOT_FOUND", "[input area]", false},
		{"an area kind in small letters", create, map[string]any{"name": "x", "area": map[string]any{"kind": "grid", "name": third}}, "INVALID", "[input area kind]", true},
		{"the post is taken", appoint, office(b, "A")["in"].(map[string]any), "CONFLICT", "[input post]", false},
		{"a worker that is none", appoint, office("x", "A")["in"].(map[string]any), "NOT_FOUND", "[input workerId]", false},
		{"an unknown assignment", end, map[string]any{"id": a, "until": "2026-04-01"}, "NOT_FOUND", "[input id]", false},
		{"a day that is none", end, map[string]any{"id": a, "until": "2026-02-30"}, "INVALID", "[input until]", true},
		{"a policy that moved", setPolicy, map[string]any{"division": c1, "version": 0, "householdsMin": 1}, "CONFLICT", "[input version]", false},
		{"a policy upside down", setPolicy, map[string]any{"division": c1, "version": 1, "householdsMin": 9, "householdsMax": 3}, "INVALID", "[input households]", false},
		{"a policy for nowhere", setPolicy, map[string]any{"division": "7", "version": 1}, "NOT_FOUND", "[input division]", false},
		{"a whole number as text", setPolicy, map[string]any{"division": c1, "version": "1"}, "INVALID", "[input version]", true},
		{"a NUL", create, map[string]any{"name": "a\x00b", "area": map[string]any{"kind": "GRID", "name": third}}, "INVALID", "[input name]", true},
	}
	for _, test := range refused {
		t.Run(test.name, func(t *testing.T) {
			got := s.ask(t, op, test.query, map[string]any{"in": test.in})
			if got.code() != test.code || fmt.Sprint(got.Errors[0].Extensions.Field) != test.field {
				t.Errorf("answered %s, want %s at %s", got.Raw, test.code, test.field)
			}
			if got := s.ask(t, account.Anyone(), test.query, map[string]any{"in": test.in}); got.code() != "FORBIDDEN" && !test.unread {
				t.Errorf("the public was answered %s", got.Raw)
			}
		})
	}
	t.Run("the public changes nothing", func(t *testing.T) {
		for query, in := range map[string]map[string]any{
			create:    {"name": "x", "area": map[string]any{"kind": "GRID", "name": third}},
			appoint:   office(b, "A")["in"].(map[string]any),
			end:       {"id": appointed.AppointWorker.Assignment.ID, "until": "2026-03-05"},
			setPolicy: {"division": c1, "version": 1, "householdsMin": 1},
		} {
			if got := s.ask(t, account.Anyone(), query, map[string]any{"in": in}); got.code() != "FORBIDDEN" {
				t.Errorf("answered %s", got.Raw)
			}
		}
	})
}

// records walks through what operators do with one worker.
func records(t *testing.T, s server, into func(answer, any)) {
	op := account.TheOperator()
	fourth := gridCode(c1, 4)
	// do asks for a mutation of an input and reads what is under its name.
	do := func(name, sel string, in map[string]any) (out struct {
		ID, From, Until string
		Version         int
		Worker          struct{ ID, Name, WorkPhone, PhotoURL string }
		Assignment      struct{ ID string }
		Absence         *struct{ From, Until string }
	}) {
		t.Helper()
		var data map[string]json.RawMessage
		into(s.ask(t, op, `mutation ($in: `+strings.ToUpper(name[:1])+name[1:]+`Input!) { `+name+`(input: $in) { `+sel+` } }`, map[string]any{"in": in}), &data)
		if err := json.Unmarshal(data[name], &out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	refused := func(name, sel string, in map[string]any, want string) {
		t.Helper()
		got := s.ask(t, op, `mutation ($in: `+strings.ToUpper(name[:1])+name[1:]+`Input!) { `+name+`(input: $in) { `+sel+` } }`, map[string]any{"in": in})
		if len(got.Errors) == 0 || fmt.Sprint(got.code(), got.Errors[0].Extensions.Field) != want {
			t.Errorf("%s %v answered %s, want %s", name, in, got.Raw, want)
		}
	}
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 320, 400))); err != nil {
		t.Fatal(err)
	}
	photo := base64.StdEncoding.EncodeToString(picture.Bytes())

	create := map[string]any{"name": "周四", "idempotencyKey": "form 7", "photo": photo, "area": map[string]any{"kind": "GRID", "name": fourth}}
	first := do("createWorker", "worker { id name photoUrl }", create)
	if first.Worker.PhotoURL == "" {
		t.Error("the new worker has no photo")
	}
	create["name"] = "周四（重发）"
	if again := do("createWorker", "worker { id name photoUrl }", create); again != first {
		t.Errorf("sent again: %+v, want %+v", again, first)
	}
	create["idempotencyKey"] = "form 8"
	if other := do("createWorker", "worker { id }", create); other.Worker.ID == first.Worker.ID {
		t.Error("another key is the same worker")
	}
	create["idempotencyKey"] = strings.Repeat("x", 101)
	refused("createWorker", "worker { id }", create, "INVALID[input idempotencyKey]")
	create["idempotencyKey"] = ""
	refused("createWorker", "worker { id }", create, "INVALID[input idempotencyKey]")

	id := first.Worker.ID
	if w := do("updateWorker", "version worker { name workPhone photoUrl }", map[string]any{"id": id, "version": 1, "name": "周肆", "workPhone": "0555-4"}); w.Version != 2 ||
		w.Worker.Name != "周肆" || w.Worker.WorkPhone != "0555-4" || w.Worker.PhotoURL == "" {
		t.Errorf("updated: %+v", w)
	}
	if w := do("updateWorker", "version worker { name workPhone photoUrl }", map[string]any{"id": id, "version": 2, "workPhone": "", "removePhoto": true}); w.Version != 3 ||
		w.Worker.Name != "周肆" || w.Worker.WorkPhone != "" || w.Worker.PhotoURL != "" {
		t.Errorf("taken away: %+v", w)
	}
	refused("updateWorker", "version", map[string]any{"id": id, "version": 2, "name": "x"}, "CONFLICT[input version]")
	refused("updateWorker", "version", map[string]any{"id": id, "version": 3, "name": " "}, "INVALID[input name]")
	refused("updateWorker", "version", map[string]any{"id": id, "version": 3, "photo": "R0lGODlhAQABAAAAACw="}, "INVALID[input photo]")
	refused("updateWorker", "version", map[string]any{"id": id, "version": 3, "photo": photo, "removePhoto": true}, "INVALID[input removePhoto]")
	// No picture is read for a change that is refused anyhow.
	refused("updateWorker", "version", map[string]any{"id": id, "version": 2, "photo": "R0lGODlhAQABAAAAACw="}, "CONFLICT[input version]")
	refused("updateWorker", "version", map[string]any{"id": "nobody-00000000000000000000000000000000", "version": 3, "photo": "R0lGODlhAQABAAAAACw="}, "NOT_FOUND[input id]")
	refused("createWorker", "worker { id }", map[string]any{"name": "周五", "photo": "R0lGODlhAQABAAAAACw=", "area": map[string]any{"kind": "GRID", "name": "99"}}, "NOT_FOUND[input area]")
	refused("updateWorker", "version", map[string]any{"id": "home2-" + strings.Repeat("f", 32), "version": 1}, "NOT_FOUND[input id]")

	away := do("recordAbsence", "id", map[string]any{"workerId": id, "from": "2026-03-10", "until": "2026-03-12"})
	later := do("recordAbsence", "id", map[string]any{"workerId": id, "from": "2026-03-20", "until": "2026-03-22"})
	if a := do("endAbsence", "absence { from until }", map[string]any{"id": away.ID, "until": "2026-03-15"}); a.Absence == nil || a.Absence.Until != "2026-03-15" {
		t.Errorf("a longer absence: %+v", a)
	}
	refused("endAbsence", "absence { id }", map[string]any{"id": away.ID, "until": "2026-03-21"}, "CONFLICT[input until]")
	if a := do("endAbsence", "absence { from until }", map[string]any{"id": later.ID, "until": "2026-03-20"}); a.Absence != nil {
		t.Errorf("an absence taken back: %+v", a)
	}
	refused("endAbsence", "absence { id }", map[string]any{"id": later.ID, "until": "2026-03-20"}, "NOT_FOUND[input id]")
	refused("endAbsence", "absence { id }", map[string]any{"id": "x", "until": "2026-03-20"}, "NOT_FOUND[input id]")

	held := do("appointWorker", "assignment { id }", map[string]any{"workerId": id, "post": "GRID_WORKER", "area": map[string]any{"kind": "GRID", "name": fourth}, "from": "2026-02-01"})
	do("endAssignment", "id", map[string]any{"id": held.Assignment.ID, "until": "2026-03-01"})
	var data struct {
		Division struct {
			Vacancies struct {
				Nodes []struct {
					Since string
					Last  struct{ Worker struct{ Name string } }
				}
			}
		}
	}
	const vacancies = `{ division(code: "990102001001") { vacancies(posts: [GRID_WORKER], on: "2026-03-01") { nodes { since last { worker { name } } grid { code } } } } }`
	if a := s.ask(t, account.Anyone(), vacancies, nil); a.Errors != nil || strings.Count(string(a.Data), `"last":null`) != 12 || !strings.Contains(string(a.Data), `"since":"2026-03-01"`) {
		t.Errorf("the public is told %s", a.Raw)
	}
	into(s.ask(t, account.TheOperator(), vacancies, nil), &data)
	if v := data.Division.Vacancies.Nodes; len(v) != 12 || v[1].Since != "2026-03-01" || v[1].Last.Worker.Name != "周肆" || v[2].Since != "" {
		t.Errorf("vacancies: %+v", v)
	}
	for query, in := range map[string]map[string]any{
		`mutation ($in: UpdateWorkerInput!) { updateWorker(input: $in) { version } }`:       {"id": id, "version": 3, "photo": "nonsense"},
		`mutation ($in: EndAbsenceInput!) { endAbsence(input: $in) { absence { id } } }`:    {"id": away.ID, "until": "2026-03-11"},
		`mutation ($in: CreateWorkerInput!) { createWorker(input: $in) { worker { id } } }`: {"name": "x", "photo": "nonsense", "area": map[string]any{"kind": "GRID", "name": fourth}},
	} {
		if got := s.ask(t, account.Anyone(), query, map[string]any{"in": in}); got.code() != "FORBIDDEN" {
			t.Errorf("the public was answered %s", got.Raw)
		}
	}
}
