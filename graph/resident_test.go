package graph_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/uuid"

	"wangge/db"
	"wangge/domain/account"
	"wangge/domain/key"
	"wangge/domain/resident"
	"wangge/domain/secret"
	"wangge/domain/staff"
	"wangge/internal/testdb"
	"wangge/internal/traces"
)

func TestResidentsFiles(t *testing.T) {
	pool := testdb.New(t)
	r := town(t, pool)
	var home string
	var grid, next, building, household uuid.UUID
	if err := pool.QueryRow(t.Context(), `SELECT bg.district, bg.grid_id, bg.building_id, (SELECT o.grid_id FROM building_grid o WHERE o.grid_id <> bg.grid_id LIMIT 1)
		FROM building_grid bg ORDER BY bg.building_id LIMIT 1`).Scan(&home, &grid, &building, &next); err != nil {
		t.Fatal(err)
	}
	if err := pool.QueryRow(t.Context(), `WITH u AS (INSERT INTO unit (district, id, building_id, name) VALUES ($1, gen_random_uuid(), $2, '9单元') RETURNING id),
		w AS (INSERT INTO dwelling (district, id, unit_id, room) SELECT $1, gen_random_uuid(), id, '301' FROM u RETURNING id)
		INSERT INTO household (district, id, dwelling_id, since) SELECT $1, gen_random_uuid(), id, '2020-01-01' FROM w RETURNING id`, home, building).Scan(&household); err != nil {
		t.Fatal(err)
	}
	testdb.Settle(func(sql string) {
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	})
	ring, err := secret.NewRing(now)
	if err != nil {
		t.Fatal(err)
	}
	d := db.New(pool)
	d.Keys = r.Audit.Keys
	r.Residents = &resident.Service{Store: db.NewResidents(d), Now: r.Staff.Now, Zone: r.Staff.Zone, IDs: key.Random{}, Recorder: r.Audit,
		Keys: &secret.Keys{Ring: func() (*secret.Ring, error) { return ring, nil }, Store: db.NewSecrets(d), Now: r.Staff.Now, NewID: key.Random{}.NewID}}
	post := func(p staff.Post, of uuid.UUID) account.Actor {
		return account.Actor{Role: account.Staff, ID: strings.ReplaceAll(string(p), "_", "-"), Scope: account.NewScope(account.Grant{Rights: p.Rights(), Reach: account.Reach{Grids: []uuid.UUID{of}}})}
	}
	worker, other, assistant := post(staff.GridWorker, grid), post(staff.GridWorker, next), post(staff.Assistant, grid)
	var log bytes.Buffer
	s := serve(t, r, &log)
	file := key.Key{Home: home, ID: household}.String()

	const name, number, phone = "欧阳植入明", "11010519491231002X", "13812345678"
	traces.Plant(t, "a value of a resident's file", name, number, phone)
	const enter = `mutation ($in: CreateResidentInput!) { createResident(input: $in) { resident { id name identityNumber phone birthDate oddIdentityNumber version } } }`
	in := map[string]any{"household": file, "name": name, "identityNumber": number, "phone": phone, "registeredHere": false, "livesHere": true, "tenure": "TENANT", "idempotencyKey": "1"}
	a := s.ask(t, worker, enter, map[string]any{"in": in})
	var made struct {
		CreateResident struct{ Resident struct{ ID string } }
	}
	if err := json.Unmarshal(a.Data, &made); err != nil || a.Errors != nil {
		t.Fatalf("%v %s", err, a.Raw)
	}
	id := made.CreateResident.Resident.ID
	masked := `"name":"欧阳**","identityNumber":"110***********002X","phone":"138****5678","birthDate":"1949-**-**","oddIdentityNumber":false,"version":1}`
	if want := `{"createResident":{"resident":{"id":"` + id + `",` + masked + `}}`; string(a.Data) != want {
		t.Errorf("entered: %s", a.Raw)
	}
	if again := s.ask(t, worker, enter, map[string]any{"in": in}); string(again.Data) != string(a.Data) {
		t.Errorf("entered again: %s", again.Raw)
	}
	ask := func(actor account.Actor, document string, in map[string]any) answer {
		return s.ask(t, actor, document, map[string]any{"in": in, "household": file})
	}
	const read = `query ($household: ID!) { householdFile(household: $household) { room number kind members { resident { name identityNumber } residency { tenure livesHere until } tags { category } } form { answers { key answer } } } }`
	want := `{"householdFile":{"room":"301","number":"1","kind":"RENTING","members":[{"resident":{"name":"欧阳**","identityNumber":"110***********002X"},"residency":{"tenure":"TENANT","livesHere":true,"until":null},"tags":[]}],"form":null}}`
	for _, who := range []account.Actor{worker, assistant} {
		if a := ask(who, read, nil); string(a.Data) != want {
			t.Errorf("%s reads %s", who.ID, a.Raw)
		}
	}
	const reveal = `mutation ($in: RevealResidentInput!) { revealResident(input: $in) { value } }`
	why := map[string]any{"id": id, "field": "PHONE", "purpose": "VISIT"}
	if a := ask(worker, reveal, why); string(a.Data) != `{"revealResident":{"value":"`+phone+`"}}` {
		t.Errorf("revealed: %s", a.Raw)
	}
	if a := ask(worker, `mutation ($in: ExportResidentInput!) { exportResident(input: $in) { document } }`, map[string]any{"id": id, "purpose": "SUBJECT"}); !strings.Contains(string(a.Raw), number) {
		t.Errorf("given to themselves: %s", a.Raw)
	}
	if a := ask(worker, `mutation ($in: SetCareTagInput!) { setCareTag(input: $in) { tag { category legalBasis restricted setOn expiresOn } } }`, map[string]any{"id": id, "category": "ELDERLY"}); string(a.Data) !=
		`{"setCareTag":{"tag":{"category":"ELDERLY","legalBasis":"《老年人权益保障法》","restricted":false,"setOn":"2026-03-02","expiresOn":"2027-03-02"}}}` {
		t.Errorf("tagged: %s", a.Raw)
	}
	if a := ask(worker, `mutation ($in: FillHouseholdFormInput!) { fillHouseholdForm(input: $in) { form { form answers { key answer } filledOn } } }`, map[string]any{"household": file, "form": 1,
		"answers": []any{map[string]any{"key": "pension", "answer": "1"}, map[string]any{"key": "party", "answer": "0"}}}); string(a.Data) !=
		`{"fillHouseholdForm":{"form":{"form":1,"answers":[{"key":"party","answer":"0"},{"key":"pension","answer":"1"}],"filledOn":"2026-03-02"}}}` {
		t.Errorf("filled: %s", a.Raw)
	}
	if a := ask(worker, `{ collectionForms { version items { key kind } } careCategories { code restricted } }`, nil); strings.Count(string(a.Raw), `"kind"`) != 14 || strings.Count(string(a.Raw), `"code"`) != 11 {
		t.Errorf("what may be said: %s", a.Raw)
	}
	entries := func(where string) (list string) {
		t.Helper()
		if err := pool.QueryRow(t.Context(), "SELECT coalesce(string_agg(concat_ws(' ', action, purpose), ', ' ORDER BY n), '') FROM audit_entry WHERE "+where).Scan(&list); err != nil {
			t.Fatal(err)
		}
		return list
	}
	// The first was asked for twice, and done once.
	if want, got := "CREATE_RESIDENT, CREATE_RESIDENT, READ_HOUSEHOLD_FILE, READ_HOUSEHOLD_FILE, REVEAL_RESIDENT_PHONE VISIT, EXPORT_RESIDENT SUBJECT, SET_CARE_TAG, FILL_HOUSEHOLD_FORM", entries("true"); got != want {
		t.Errorf("in the audit are %s, want %s", got, want)
	}
	for _, c := range []struct {
		name string
		got  answer
		code string
	}{
		{"another grid's worker reads", ask(other, read, nil), "NOT_FOUND"},
		{"another grid's worker reveals", ask(other, reveal, why), "NOT_FOUND"},
		{"an assistant reveals", ask(assistant, reveal, why), "FORBIDDEN"},
		{"the public reads", ask(account.Anyone(), read, nil), "FORBIDDEN"},
		{"the operator reads", ask(account.TheOperator(), read, nil), "FORBIDDEN"},
		{"for no case", ask(worker, reveal, map[string]any{"id": id, "field": "PHONE", "purpose": "INCIDENT"}), "INVALID"},
		{"of nobody", ask(worker, reveal, map[string]any{"id": file, "field": "PHONE", "purpose": "VISIT"}), "NOT_FOUND"},
		{"by no id", ask(worker, reveal, map[string]any{"id": number, "field": "PHONE", "purpose": "VISIT"}), "NOT_FOUND"},
		{"a wrong number", ask(worker, enter, map[string]any{"household": file, "name": name, "identityNumber": number[:17] + "1", "registeredHere": false, "livesHere": true, "tenure": "TENANT"}), "INVALID"},
		{"somebody who is known", ask(worker, enter, map[string]any{"household": file, "name": name, "identityNumber": number, "registeredHere": true, "livesHere": false, "tenure": "TENANT"}), "CONFLICT"},
		{"a name of no letters", ask(worker, enter, map[string]any{"household": file, "name": number + "\x00", "registeredHere": true, "livesHere": false, "tenure": "TENANT"}), "INVALID"},
		{"a category by a worker", ask(worker, `mutation ($in: SetCareCategoryInput!) { setCareCategory(input: $in) { category { code } } }`,
			map[string]any{"code": "ILL", "name": "病", "nameEn": "Ill", "legalBasis": "法", "restricted": true, "version": 0}), "FORBIDDEN"},
	} {
		if !strings.Contains(string(c.got.Raw), `"code":"`+c.code+`"`) {
			t.Errorf("%s: %s", c.name, c.got.Raw)
		}
		for _, value := range []string{name, number, phone} {
			if strings.Contains(string(c.got.Raw), value) {
				t.Errorf("%s tells %s: %s", c.name, value, c.got.Raw)
			}
		}
	}
	if got := entries("result <> 'OK'"); strings.Count(got, ",")+1 != 11 { // what holds a NUL is no request
		t.Errorf("refused are %s", got)
	}
	if a := ask(account.TheOperator(), `mutation ($in: SetCareCategoryInput!) { setCareCategory(input: $in) { category { code restricted version } } }`,
		map[string]any{"code": "LONG_ILL", "name": "长期患病", "nameEn": "Long ill", "legalBasis": "《基本医疗卫生与健康促进法》", "restricted": true, "version": 0}); string(a.Data) != `{"setCareCategory":{"category":{"code":"LONG_ILL","restricted":true,"version":1}}}` {
		t.Errorf("a new category: %s", a.Raw)
	}
	if a := ask(worker, `mutation ($in: EraseResidentInput!) { eraseResident(input: $in) { id } }`, map[string]any{"id": id, "reason": "REQUEST"}); string(a.Data) != `{"eraseResident":{"id":"`+id+`"}}` {
		t.Errorf("removed: %s", a.Raw)
	}
	for _, value := range []string{name, number, phone} {
		if strings.Contains(log.String(), value) {
			t.Errorf("the log tells %s", value)
		}
	}
	r.Residents.Recorder = nil
	if a := ask(worker, read, nil); !strings.Contains(string(a.Raw), `"code":"UNAVAILABLE"`) {
		t.Errorf("without a record: %s", a.Raw)
	}
}
