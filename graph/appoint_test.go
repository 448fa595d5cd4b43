package graph_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"wangge/db"
	"wangge/domain/account"
	"wangge/domain/civil"
	"wangge/domain/key"
	"wangge/domain/staff"
	"wangge/live"
)

// TestWhoAppointsDayByDay: people of a community put each other in office and note each other away, over GraphQL, with the roster in memory: what that gives is there at once, and
// gone with it; and nobody makes themselves, or one of another community, more than they are.
func TestWhoAppointsDayByDay(t *testing.T) {
	w := newWorld(t)
	w.clock = time.Now()
	d := db.New(w.pool)
	d.Keys = w.r.Audit.Keys
	memory := live.New(live.Options{Source: db.NewLive(d), Zone: w.r.Staff.Zone, Log: slog.New(slog.DiscardHandler)})
	d.Memory = memory
	w.r.Staff.Store, w.r.Staff.Roster = live.Staff{Store: db.NewStaff(d), Live: memory}, memory.Roster
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); memory.Run(ctx) }()
	defer func() { cancel(); <-done }()
	if err := memory.WaitLoaded(t.Context()); err != nil {
		t.Fatal(err)
	}

	op, today := account.TheOperator(), civil.Of(w.clock, w.r.Staff.Zone)
	id := func(name string) (k key.Key) {
		t.Helper()
		if err := w.pool.QueryRow(t.Context(), "SELECT district, id FROM worker WHERE name = '工' || $1", name).Scan(&k.Home, &k.ID); err != nil {
			t.Fatal(err)
		}
		return k
	}
	who := func(name string) account.Actor {
		t.Helper()
		w.clock = w.clock.Add(31 * time.Second) // a code of a second factor is good once
		return w.actor(w.askers[slices.IndexFunc(w.askers, func(a *asker) bool { return a.worker == "工"+name })])
	}
	do := func(as account.Actor, mutation, below string, in map[string]any) answer {
		t.Helper()
		return w.ask(t, as, fmt.Sprintf("mutation ($in: %s%sInput!) { %s(input: $in) { %s } }", strings.ToUpper(mutation[:1]), mutation[1:], mutation, below), map[string]any{"in": in})
	}
	made := func(got answer, mutation, below string) string {
		t.Helper()
		_, rest, _ := strings.Cut(string(got.Raw), `"`+below+`":"`)
		made, _, ok := strings.Cut(rest, `"`)
		if got.Errors != nil || !ok {
			t.Fatalf("%s: %s", mutation, got.Raw)
		}
		return made
	}
	opens := func(name string, p *spot) bool {
		t.Helper()
		pr := probes["Query.householdFile"]
		got := w.ask(t, who(name), pr.query, w.variables(pr.query, p, nil))
		return strings.Contains(string(got.Raw), p.room)
	}
	third, seventh, far := w.spots[0], w.spots[1], w.spots[2]
	away := func(worker key.Key, from, until civil.Date) map[string]any {
		return map[string]any{"workerId": worker.String(), "from": from.String(), "until": until.String()}
	}
	office := func(worker key.Key, post, cover, kind, area string) map[string]any {
		return map[string]any{"workerId": worker.String(), "post": post, "cover": cover, "area": map[string]any{"kind": kind, "name": area}}
	}

	// The first holder of grid 3 is on leave: the stand-in sees what the first holder sees, as long as that lasts.
	if opens("丁", third) {
		t.Fatal("a stand-in opens files while the first holder is there")
	}
	absence := made(do(who("子"), "recordAbsence", "id", away(id("丙"), today, today.AddDays(3))), "recordAbsence", "id")
	if !opens("丁", third) || opens("丁", far) || opens("丁", seventh) {
		t.Error("the stand-in does not see what the first holder sees")
	}
	if got := do(who("子"), "endAbsence", "absence { id }", map[string]any{"id": absence, "until": today.String()}); got.Errors != nil {
		t.Errorf("%s", got.Raw)
	}
	if opens("丁", third) {
		t.Error("the stand-in goes on when the first holder is back")
	}
	// Who holds nothing is put in office, and out of it.
	if opens("巳", third) {
		t.Fatal("who holds no post opens files")
	}
	given := made(do(who("丑"), "appointWorker", "assignment { id }", office(id("巳"), "ASSISTANT", "A", "GRID", third.grid)), "appointWorker", "id")
	if !opens("巳", third) || opens("巳", far) {
		t.Error("who was appointed does not see what the post gives")
	}
	if got := do(who("子"), "endAssignment", "id", map[string]any{"id": given, "until": today.AddDays(1).String()}); got.Errors != nil {
		t.Errorf("%s", got.Raw)
	}
	w.clock = w.clock.AddDate(0, 0, 1)
	w.r.Staff.Now = func() time.Time { return w.clock }
	if opens("巳", third) {
		t.Error("a post goes on that was ended")
	}

	// What nobody may, by the code and the field of the refusal.
	put := func(a staff.Appointment) staff.Assignment {
		t.Helper()
		return must(w.r.Staff.Appoint(t.Context(), op, a))
	}
	fifth, first := gridCode(c1, 5), must(w.r.Staff.Add(t.Context(), op, staff.NewWorker{Name: "工第五"}, staff.AreaDivision, c1))
	ofFirst := put(staff.Appointment{Worker: first.Key, Post: staff.GridWorker, Cover: staff.CoverA, AreaKind: staff.AreaGrid, AreaName: fifth})
	put(staff.Appointment{Worker: id("子"), Post: staff.GridWorker, Cover: staff.CoverB, AreaKind: staff.AreaGrid, AreaName: fifth})
	of := func(name, post string) string {
		t.Helper()
		var a key.Key
		if err := w.pool.QueryRow(t.Context(), "SELECT district, id FROM assignment WHERE worker_id = $1 AND post = $2 AND (upper_inf(during) OR upper(during) > now())", id(name).ID, post).Scan(&a.Home, &a.ID); err != nil {
			t.Fatal(err)
		}
		return a.String()
	}
	elsewhere := must(w.r.Staff.RecordAbsence(t.Context(), op, far.informant, today, today.AddDays(9))).Key
	ofA := must(w.r.Staff.RecordAbsence(t.Context(), op, first.Key, today.AddDays(20), today.AddDays(21))).Key
	later := today.AddDays(40)
	for _, c := range []struct {
		name, as, mutation, below string
		in                        map[string]any
		code, field               string
	}{
		{"oneself", "子", "appointWorker", "assignment { id }", office(id("子"), "GRID_WORKER", "B", "GRID", third.grid), "FORBIDDEN", "input.workerId"},
		{"a post above one's own", "子", "appointWorker", "assignment { id }", office(id("巳"), "CHIEF_LEADER", "B", "DIVISION", c1), "FORBIDDEN", "input.post"},
		{"another station head", "丑", "appointWorker", "assignment { id }", office(id("巳"), "STATION_HEAD", "B", "DIVISION", c1), "FORBIDDEN", "input.post"},
		{"a grid of another community", "子", "appointWorker", "assignment { id }", office(id("巳"), "VOLUNTEER", "A", "GRID", far.grid), "NOT_FOUND", "input.area"},
		{"the town", "丑", "appointWorker", "assignment { id }", office(id("巳"), "COUNTER_STAFF", "A", "DIVISION", "990102001"), "NOT_FOUND", "input.area"},
		{"a building of another community", "子", "appointWorker", "assignment { id }", office(id("巳"), "VOLUNTEER", "A", "BUILDING", far.building), "NOT_FOUND", "input.area"},
		{"who works elsewhere", "子", "appointWorker", "assignment { id }", office(far.informant, "VOLUNTEER", "A", "GRID", third.grid), "FORBIDDEN", "input.workerId"},
		{"no worker", "子", "appointWorker", "assignment { id }", office(key.Key{Home: id("子").Home, ID: uuid.New()}, "VOLUNTEER", "A", "GRID", third.grid), "NOT_FOUND", "input.workerId"},
		{"a platform administrator oneself", "卯", "appointWorker", "assignment { id }", office(id("卯"), "GRID_WORKER", "B", "GRID", third.grid), "FORBIDDEN", "input.workerId"},
		{"a grid worker", "丙", "appointWorker", "assignment { id }", office(id("巳"), "VOLUNTEER", "A", "GRID", third.grid), "FORBIDDEN", ""},
		{"one's own end", "子", "endAssignment", "id", map[string]any{"id": of("子", "GRID_WORKER"), "until": later.String()}, "FORBIDDEN", "input.id"},
		{"the chief's end", "子", "endAssignment", "id", map[string]any{"id": of("丑", "CHIEF_LEADER"), "until": later.String()}, "FORBIDDEN", "input.id"},
		{"the end of one's A", "子", "endAssignment", "id", map[string]any{"id": ofFirst.Key.String(), "until": later.String()}, "FORBIDDEN", "input.id"},
		{"an end elsewhere", "子", "endAssignment", "id", map[string]any{"id": w.volunteering(far).String(), "until": "2060-01-01"}, "NOT_FOUND", "input.id"},
		{"oneself away", "子", "recordAbsence", "id", away(id("子"), today, later), "FORBIDDEN", "input.workerId"},
		{"one's A away", "子", "recordAbsence", "id", away(first.Key, today, later), "FORBIDDEN", "input.workerId"},
		{"one's A away, in future", "子", "recordAbsence", "id", away(first.Key, later, later.AddDays(1)), "FORBIDDEN", "input.workerId"},
		{"one's A away for longer", "子", "endAbsence", "absence { id }", map[string]any{"id": ofA.String(), "until": later.String()}, "FORBIDDEN", "input.id"},
		{"the chief away", "子", "recordAbsence", "id", away(id("丑"), today, later), "FORBIDDEN", "input.workerId"},
		{"who works elsewhere away", "子", "recordAbsence", "id", away(far.informant, today, later), "FORBIDDEN", "input.workerId"},
		{"who works elsewhere back", "子", "endAbsence", "absence { id }", map[string]any{"id": elsewhere.String(), "until": later.String()}, "FORBIDDEN", "input.id"},
		{"who holds nothing away", "子", "recordAbsence", "id", away(id("巳"), today, later), "FORBIDDEN", "input.workerId"},
	} {
		got := do(who(c.as), c.mutation, c.below, c.in)
		if got.code() != c.code || !strings.Contains(string(got.Raw), `"field":["`+strings.ReplaceAll(c.field, ".", `","`)+`"]`) && c.field != "" {
			t.Errorf("%s: %s, want %s at %s", c.name, got.Raw, c.code, c.field)
		}
	}
	if got := do(who("丑"), "recordAbsence", "id", away(first.Key, today, today.AddDays(1))); got.Errors != nil {
		t.Errorf("whom another stands in for: %s", got.Raw)
	}

	// Who stands in for the chief appoints while the chief is away, and no longer.
	deputy := w.hire("副", [3]string{}, nil, staff.ChiefLeader, staff.CoverB, staff.AreaDivision, c1)
	volunteer := func() answer {
		return do(who("副"), "appointWorker", "assignment { id }", office(id("巳"), "VOLUNTEER", "A", "GRID", third.grid))
	}
	if got := volunteer(); got.code() != "FORBIDDEN" {
		t.Errorf("who stands in appoints while the chief is there: %s", got.Raw)
	}
	gone := must(w.r.Staff.RecordAbsence(t.Context(), op, id("丑"), today, later))
	if got := volunteer(); got.Errors != nil {
		t.Errorf("who stands in does not appoint: %s", got.Raw)
	}
	if got := do(who("副"), "endAbsence", "absence { id }", map[string]any{"id": gone.Key.String(), "until": later.AddDays(300).String()}); got.code() == "" {
		t.Errorf("who stands in keeps the chief away: %s of %s", got.Raw, deputy)
	}

	// The audit names who did it, and what it was about by kind and id.
	var noted, ids int
	err := w.pool.QueryRow(t.Context(), `SELECT count(*), count(*) FILTER (WHERE object_id ~ '^[0-9a-z]+-[0-9a-f]{32}$') FROM audit_entry
		WHERE action IN ('APPOINT_WORKER', 'END_ASSIGNMENT', 'RECORD_ABSENCE', 'END_ABSENCE') AND object_kind IN ('WORKER', 'ASSIGNMENT', 'ABSENCE') AND actor NOT IN ('operator', '')`).Scan(&noted, &ids)
	if err != nil || noted < 25 || ids != noted {
		t.Errorf("%d deeds and refusals are noted, %d of them with an id (%v)", noted, ids, err)
	}
}
