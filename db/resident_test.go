package db_test

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/db"
	"wangge/domain/account"
	"wangge/domain/audit"
	"wangge/domain/civil"
	"wangge/domain/key"
	"wangge/domain/resident"
	vault "wangge/domain/secret"
	"wangge/domain/staff"
	"wangge/internal/fault"
	"wangge/internal/testdb"
	"wangge/internal/traces"
)

// What must be found nowhere but where it is revealed.
const (
	plantedName   = "欧阳植入明"
	plantedNumber = "11010519491231002X"
	plantedPhone  = "13812345678"
	plantedBirth  = "1949-12-31"
)

// register is a register of two communities: grids 1 and 2 of the first and 3 of the second, a building in each, a household in each.
type register struct {
	*resident.Service
	pool  *pgxpool.Pool
	store *db.DB
	ring  *vault.Ring
	acts  *[]string
	today civil.Date
}

func plantRegister(t *testing.T) register {
	t.Helper()
	pool := testdb.New(t)
	_, err := pool.Exec(t.Context(), `
INSERT INTO division (id, code, name, level, home) VALUES
	(md5('district')::uuid, '990101', '区', 'DISTRICT', 'here'), (md5('east')::uuid, '990101001001', '东', 'COMMUNITY', 'here'), (md5('west')::uuid, '990101001002', '西', 'COMMUNITY', 'here');
INSERT INTO grid (district, id, code, name, kind, community_id)
	SELECT 'here', md5('g' || n)::uuid, 'g' || n, 'g', 'COMPREHENSIVE', md5(CASE WHEN n < 3 THEN 'east' ELSE 'west' END)::uuid FROM generate_series(1, 3) n;
INSERT INTO building (district, id, code, name, location) SELECT 'here', md5('b' || n)::uuid, 'b' || n, 'b', 'SRID=4490;POINT(121 31)' FROM generate_series(1, 3) n;
INSERT INTO building_grid (district, id, building_id, grid_id, during)
	SELECT 'here', gen_random_uuid(), md5('b' || n)::uuid, md5('g' || n)::uuid, '[2020-01-01,)' FROM generate_series(1, 3) n;
INSERT INTO unit (district, id, building_id, name) SELECT 'here', md5('u' || n)::uuid, md5('b' || n)::uuid, '1单元' FROM generate_series(1, 3) n;
INSERT INTO dwelling (district, id, unit_id, room) SELECT 'here', md5('w' || n)::uuid, md5('u' || n)::uuid, '301' FROM generate_series(1, 3) n;
INSERT INTO household (district, id, dwelling_id, number, residents, since) SELECT 'here', md5('h' || n)::uuid, md5('w' || n)::uuid, '1', 2, '2020-01-01' FROM generate_series(1, 3) n`)
	if err != nil {
		t.Fatal(err)
	}
	testdb.Settle(func(sql string) {
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	})
	ring, err := vault.NewRing(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	store := db.New(pool)
	store.Zone = shanghai
	r := register{pool: pool, store: store, ring: ring, acts: &[]string{}}
	r.Service = &resident.Service{Store: db.NewResidents(store), Now: time.Now, Zone: shanghai, IDs: key.Random{}, Recorder: recorder{r.acts},
		Keys: &vault.Keys{Ring: func() (*vault.Ring, error) { return ring, nil }, Store: db.NewSecrets(store), Now: time.Now, NewID: key.Random{}.NewID}}
	r.today = r.Today()
	return r
}

// recorder keeps acts as text, the way a log would.
type recorder struct{ acts *[]string }

func (r recorder) Record(_ context.Context, actor account.Actor, act audit.Entry) error {
	*r.acts = append(*r.acts, fmt.Sprintf("%s %+v", actor.ID, act))
	return nil
}

func (r recorder) Anchored(context.Context) { *r.acts = append(*r.acts, "anchored") }

// idOf is the id that the SQL of plantRegister gives.
func idOf(s string) uuid.UUID { return md5.Sum([]byte(s)) }

func household(n int) key.Key { return key.Key{Home: "here", ID: idOf(fmt.Sprint("h", n))} }

// in is somebody with a post in an area.
func in(id string, post staff.Post, reach account.Reach) account.Actor {
	return account.Actor{Role: account.Staff, ID: id, Scope: account.NewScope(account.Grant{Rights: post.Rights(), Reach: reach})}
}

func gridsOf(names ...string) account.Reach {
	var r account.Reach
	for _, n := range names {
		r.Grids = append(r.Grids, idOf(n))
	}
	return r
}

var (
	worker    = in("worker", staff.GridWorker, gridsOf("g1"))
	assistant = in("assistant", staff.Assistant, gridsOf("g1"))
	leader    = in("leader", staff.ChiefLeader, account.Reach{Communities: []uuid.UUID{idOf("east")}})
	neighbour = in("neighbour", staff.GridWorker, gridsOf("g2"))
	stranger  = in("stranger", staff.StationHead, account.Reach{Communities: []uuid.UUID{idOf("west")}})
	informant = in("informant", staff.Informant, gridsOf("g1"))
	idle      = account.Actor{Role: account.Staff, ID: "idle"}
)

var visit = resident.Why{Purpose: audit.Visit, Case: "ZF-2026-17"}

// enter enters the planted person in the first household.
func (r register) enter(t *testing.T) resident.Resident {
	t.Helper()
	traces.Plant(t, "a value of a resident's file", plantedName, plantedNumber, plantedPhone)
	out, err := r.Create(t.Context(), worker, resident.Entry{Household: household(1), Person: resident.Person{Name: plantedName, Identity: plantedNumber, Phone: plantedPhone},
		Residency: resident.Residency{RegisteredHere: true, LivesHere: true, Tenure: resident.Owner}})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestWhoMayDoWhatWithAFile(t *testing.T) {
	t.Run("services and policies", func(t *testing.T) { whoMayDoWhat(t, plantRegister(t)) })
	t.Run("services alone", func(t *testing.T) {
		r := plantRegister(t)
		if _, err := r.pool.Exec(t.Context(), "ALTER TABLE resident DISABLE ROW LEVEL SECURITY; ALTER TABLE residency DISABLE ROW LEVEL SECURITY; ALTER TABLE care_tag DISABLE ROW LEVEL SECURITY; ALTER TABLE household_form DISABLE ROW LEVEL SECURITY"); err != nil {
			t.Fatal(err)
		}
		whoMayDoWhat(t, r)
	})
}

func whoMayDoWhat(t *testing.T, r register) {
	planted := r.enter(t)
	if planted.Name != "欧阳**" || planted.Identity != "110***********002X" || planted.Phone != "138****5678" || planted.BirthDate != "1949-**-**" {
		t.Errorf("entered, it is told %+v", planted)
	}
	tag, err := r.SetTag(t.Context(), leader, planted.Key, resident.Tag{Category: "DISABLED"})
	if err != nil {
		t.Fatal(err)
	}
	version := planted.Version
	operations := map[string]func(ctx context.Context, a account.Actor) error{
		"file": func(ctx context.Context, a account.Actor) error {
			f, err := r.File(ctx, a, household(1))
			if err == nil && (len(f.Members) != 1 || f.Members[0].Name != "欧阳**" || f.Members[0].Identity != "110***********002X" || f.Kind != resident.Together) {
				t.Errorf("%s reads %+v", a.ID, f)
			}
			if err == nil && (len(f.Members[0].Tags) == 1) != (a.ID != "assistant") {
				t.Errorf("%s sees tags %+v", a.ID, f.Members[0].Tags)
			}
			return err
		},
		"reveal": func(ctx context.Context, a account.Actor) error {
			v, err := r.Reveal(ctx, a, planted.Key, resident.Phone, visit)
			if (v == plantedPhone) != (err == nil) {
				t.Errorf("%s is told %q, %v", a.ID, v, err)
			}
			return err
		},
		"search": func(ctx context.Context, a account.Actor) error {
			found, err := r.Search(ctx, a, "110105 19491231 002x", visit)
			if err == nil && len(found) == 0 {
				return fault.New(fault.NotFound, "", "resident.notFound")
			}
			return err
		},
		"export": func(ctx context.Context, a account.Actor) error {
			e, err := r.Export(ctx, a, planted.Key, resident.Why{Purpose: audit.Subject})
			if err == nil && (e.Identity != plantedNumber || len(e.Residencies) != 1) {
				t.Errorf("%s is given %+v", a.ID, e)
			}
			return err
		},
		"update": func(ctx context.Context, a account.Actor) error {
			name := plantedName
			_, err := r.Update(ctx, a, resident.Change{Resident: planted.Key, Version: version, Name: &name})
			if err == nil {
				version++
			}
			return err
		},
		"tag": func(ctx context.Context, a account.Actor) error {
			got, err := r.SetTag(ctx, a, planted.Key, resident.Tag{Category: "LOW_INCOME"})
			if err == nil {
				err = r.RemoveTag(ctx, a, got.Key)
			}
			return err
		},
		"remove tag": func(ctx context.Context, a account.Actor) error {
			if a.ID == "worker" || a.ID == "leader" {
				return nil // the one tag stays for the others; "tag" removes one
			}
			return r.RemoveTag(ctx, a, tag.Key)
		},
		"fill": func(ctx context.Context, a account.Actor) error {
			_, err := r.FillForm(ctx, a, household(1), 1, map[string]string{"medical_insurance": "2"})
			return err
		},
		"erase": func(ctx context.Context, a account.Actor) error {
			if a.ID == "worker" {
				return nil // see TestALife
			}
			return r.Erase(ctx, a, planted.Key, resident.ByMistake)
		},
	}
	const ok, no, hidden = fault.Code(""), fault.Forbidden, fault.NotFound
	matrix := map[string]map[string]fault.Code{
		//            file        reveal          search          export          update          tag          remove tag          fill        erase
		"worker":    {"file": ok, "reveal": ok, "search": ok, "export": ok, "update": ok, "tag": ok, "remove tag": ok, "fill": ok, "erase": ok},
		"assistant": {"file": ok, "reveal": no, "search": no, "export": no, "update": no, "tag": no, "remove tag": no, "fill": no, "erase": no},
		"leader":    {"file": ok, "reveal": ok, "search": ok, "export": ok, "update": no, "tag": ok, "remove tag": ok, "fill": no, "erase": no},
		"neighbour": {"file": hidden, "reveal": hidden, "search": hidden, "export": hidden, "update": hidden, "tag": hidden, "remove tag": hidden, "fill": hidden, "erase": hidden},
		"stranger":  {"file": hidden, "reveal": hidden, "search": hidden, "export": hidden, "update": hidden, "tag": hidden, "remove tag": hidden, "fill": hidden, "erase": hidden},
	}
	refused := map[string]fault.Code{"file": no, "reveal": no, "search": no, "export": no, "update": no, "tag": no, "remove tag": no, "fill": no, "erase": no}
	cases := 0
	for _, a := range []account.Actor{worker, assistant, leader, neighbour, stranger, informant, idle, account.Anyone(), account.TheOperator(),
		{Role: account.Security, ID: "security"}, {Role: account.Auditor, ID: "auditor"}, account.TheDoor(), account.TheKeeper()} {
		want := matrix[a.ID]
		if want == nil {
			want = refused
		}
		for name, do := range operations {
			cases++
			before := len(*r.acts)
			err := do(t.Context(), a)
			if got := codeOf(err); got != want[name] {
				t.Errorf("%s, %s: %q, want %q (%v)", a.ID, name, got, want[name], err)
			}
			if err != nil && strings.Contains(err.Error(), "欧阳") {
				t.Errorf("%s, %s: the refusal tells %v", a.ID, name, err)
			}
			if (err != nil || name != "erase" && name != "remove tag") && len(*r.acts) == before {
				t.Errorf("%s, %s: it is on no record", a.ID, name)
			}
		}
	}
	t.Logf("%d cases", cases)
}

func codeOf(err error) fault.Code {
	if err == nil {
		return ""
	}
	return fault.As(err).Code
}

// TestPlantedValuesAreNowhere: what was entered is in no row of the database, in no line of the record and in no refusal, in no way of writing it.
func TestPlantedValuesAreNowhere(t *testing.T) {
	r := plantRegister(t)
	planted := r.enter(t)
	var said []string
	keep := func(err error) {
		if err == nil {
			t.Error("something that is to be refused was done")
		}
		said = append(said, fmt.Sprint(err), fmt.Sprintf("%+v", fault.As(err)))
	}
	ctx := t.Context()
	if _, err := r.SetTag(ctx, leader, planted.Key, resident.Tag{Category: "DISABLED"}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.FillForm(ctx, worker, household(1), 1, map[string]string{"wishes": plantedName + plantedPhone}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Reveal(ctx, worker, planted.Key, resident.IdentityNumber, visit); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Export(ctx, worker, planted.Key, visit); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Search(ctx, worker, plantedNumber, visit); err != nil {
		t.Fatal(err)
	}
	again := resident.Entry{Household: household(1), Person: resident.Person{Name: plantedName, Identity: plantedNumber, Phone: plantedPhone},
		Residency: resident.Residency{LivesHere: true, Tenure: resident.Family}}
	_, err := r.Create(ctx, worker, again)
	keep(err)
	wrong := again
	wrong.Person.Identity = "110105194912310021"
	_, err = r.Create(ctx, worker, wrong)
	keep(err)
	wrong.Person.Identity = plantedNumber + "7"
	_, err = r.Create(ctx, worker, wrong)
	keep(err)
	wrong = again
	wrong.Person.Phone = plantedPhone + "张"
	_, err = r.Create(ctx, worker, wrong)
	keep(err)
	wrong = again
	wrong.Person.Name = strings.Repeat(plantedName, 20)
	_, err = r.Create(ctx, worker, wrong)
	keep(err)
	_, err = r.Search(ctx, worker, plantedNumber+plantedPhone, visit)
	keep(err)
	_, err = r.Reveal(ctx, worker, planted.Key, resident.Phone, resident.Why{Purpose: audit.Visit, Case: plantedPhone})
	keep(err)
	_, err = r.FillForm(ctx, worker, household(1), 1, map[string]string{"medical_insurance": plantedPhone})
	keep(err)

	hidden := func(where, text string) {
		t.Helper()
		for _, value := range []string{plantedName, plantedNumber, "110105194912310021", plantedPhone, plantedBirth, "DISABLED"} {
			for _, written := range []string{value, hex.EncodeToString([]byte(value)), fmt.Sprintf("%q", value), fmt.Sprintf("%+q", value)[1:]} {
				if strings.Contains(text, strings.Trim(written, `"`)) && !(value == "DISABLED" && strings.HasPrefix(text, "(DISABLED,残疾")) {
					t.Errorf("%s tells %s: %s", where, value, text)
				}
			}
		}
	}
	for _, line := range said {
		hidden("a refusal", line)
	}
	for _, line := range *r.acts {
		hidden("the record", line)
	}
	rows := 0
	for _, table := range tablesOf(t, r.pool) {
		found, err := r.pool.Query(ctx, "SELECT t::text FROM "+pgx.Identifier{table}.Sanitize()+" t")
		if err != nil {
			t.Fatal(err)
		}
		lines, err := pgx.CollectRows(found, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range lines {
			rows++
			hidden("table "+table, line)
		}
	}
	if rows < 40 {
		t.Errorf("only %d rows were looked at", rows)
	}
}

func tablesOf(t *testing.T, pool *pgxpool.Pool) []string {
	t.Helper()
	found, err := pool.Query(t.Context(), "SELECT table_name FROM table_class ORDER BY table_name")
	if err != nil {
		t.Fatal(err)
	}
	list, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestSealedValuesBelongToTheirRows: somebody who can write the database and not read it cannot give one person's values to another.
func TestSealedValuesBelongToTheirRows(t *testing.T) {
	r := plantRegister(t)
	first := r.enter(t)
	second, err := r.Create(t.Context(), worker, resident.Entry{Household: household(1), Person: resident.Person{Name: "乙", Phone: "0351-7654321"},
		Residency: resident.Residency{LivesHere: true, Tenure: resident.Family}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.pool.Exec(t.Context(), "UPDATE resident a SET phone = b.phone FROM resident b WHERE a.id = $1 AND b.id = $2", second.Key.ID, first.Key.ID); err != nil {
		t.Fatal(err)
	}
	if v, err := r.Reveal(t.Context(), worker, second.Key, resident.Phone, visit); !fault.Is(err, fault.Internal) || v != "" {
		t.Errorf("a number of another's is told: %q, %v", v, err)
	}
	if _, err := r.pool.Exec(t.Context(), "UPDATE resident SET born = phone WHERE id = $1", first.Key.ID); err != nil {
		t.Fatal(err)
	}
	if v, err := r.Reveal(t.Context(), worker, first.Key, resident.BirthDate, visit); !fault.Is(err, fault.Internal) || v != "" {
		t.Errorf("a number is told as a day: %q, %v", v, err)
	}
}

// TestAnotherRingOpensNothing: with a ring that is not theirs, files are unavailable, and what is missing is said.
func TestAnotherRingOpensNothing(t *testing.T) {
	r := plantRegister(t)
	r.enter(t)
	other, err := vault.NewRing(time.Now().AddDate(0, 0, 1))
	if err != nil {
		t.Fatal(err)
	}
	id, _ := r.ring.Current()
	r.Keys = &vault.Keys{Ring: func() (*vault.Ring, error) { return other, nil }, Store: db.NewSecrets(r.store), Now: time.Now, NewID: key.Random{}.NewID}
	if _, err := r.File(t.Context(), worker, household(1)); !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), id) {
		t.Errorf("%v", err)
	}
	if err := r.Keys.Check(t.Context()); !fault.Is(err, fault.Unavailable) {
		t.Errorf("at the start: %v", err)
	}
}

// TestPoliciesAlone: with straight SQL as the role of requests, whoever asks sees and changes the rows that their posts reach and no others, whatever the services would say.
func TestPoliciesAlone(t *testing.T) {
	r := plantRegister(t)
	planted := r.enter(t)
	if _, err := r.SetTag(t.Context(), leader, planted.Key, resident.Tag{Category: "DISABLED"}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.FillForm(t.Context(), worker, household(1), 1, map[string]string{"party": "1"}); err != nil {
		t.Fatal(err)
	}
	if err := r.Erase(t.Context(), worker, r.other(t).Key, resident.ByMistake); err != nil {
		t.Fatal(err)
	}
	if _, err := r.pool.Exec(t.Context(), `INSERT INTO care_tag SELECT district, gen_random_uuid(), resident_id, true, tag, sha256('x'), set_by, set_on, review_on, expires_on, communities, grids, buildings FROM care_tag`); err != nil {
		t.Fatal(err)
	}
	all := map[string]int{}
	for _, table := range guardedFiles {
		var n int
		if err := r.pool.QueryRow(t.Context(), "SELECT count(*) FROM "+table).Scan(&n); err != nil || n == 0 && table != "resident_use" {
			t.Fatalf("%s: %d rows, %v", table, n, err)
		}
		all[table] = n
	}
	form := resident.SealedForm{ID: uuid.New(), Version: 1, Answers: []byte("x"), FilledOn: r.today, FilledBy: "-"}
	home, _, err := r.Store.Home(t.Context(), worker, household(1))
	if err != nil {
		t.Fatal(err)
	}
	for _, who := range []account.Actor{neighbour, assistant, informant, account.TheOperator()} {
		if err := r.Store.SaveForm(t.Context(), who, home, form); !fault.Is(err, fault.Forbidden) {
			t.Errorf("%s fills in a form: %v", who.ID, err)
		}
	}
	type seen struct{ files, tags, restricted bool }
	district := in("district", staff.ChiefLeader, account.Reach{Districts: []string{"here"}})
	building := in("building", staff.GridWorker, account.Reach{Buildings: []uuid.UUID{idOf("b1")}})
	cases := 0
	for _, c := range []struct {
		actor       account.Actor
		read, write seen
	}{
		{worker, seen{true, true, false}, seen{true, true, false}},
		{building, seen{true, true, false}, seen{true, true, false}},
		{assistant, seen{true, false, false}, seen{}},
		{leader, seen{true, true, true}, seen{false, true, true}},
		{district, seen{true, true, true}, seen{false, true, true}},
		{neighbour, seen{}, seen{}}, {stranger, seen{}, seen{}}, {informant, seen{}, seen{}}, {idle, seen{}, seen{}},
		{account.Anyone(), seen{}, seen{}}, {account.TheOperator(), seen{}, seen{}}, {account.TheDoor(), seen{}, seen{}}, {account.TheCounter(), seen{}, seen{}},
		{account.Actor{Role: account.Security, ID: "s"}, seen{}, seen{}}, {account.Actor{Role: account.Auditor, ID: "a"}, seen{}, seen{}},
		{account.Actor{Role: account.Public, ID: "p", Scope: worker.Scope}, seen{}, seen{}},
	} {
		want := func(s seen, table string) int {
			switch {
			case table == "care_tag":
				return b2i(s.tags) + b2i(s.restricted)
			case slices.Contains([]string{"resident", "residency", "household_form"}, table) && s.files:
				return all[table]
			}
			return 0
		}
		for _, table := range guardedFiles {
			for _, v := range []struct {
				sql  string
				want int
			}{
				{"SELECT * FROM " + table, want(c.read, table)},
				{"UPDATE " + table + " SET " + firstColumn(table) + " = " + firstColumn(table), want(c.write, table)},
				{"DELETE FROM " + table, want(c.write, table)},
			} {
				if v.sql == "DELETE FROM resident_erasure" { // not granted
					continue
				}
				cases++
				undone := fmt.Errorf("undone")
				err := r.store.As(t.Context(), c.actor, func(ctx context.Context, tx pgx.Tx) error {
					tag, err := tx.Exec(ctx, v.sql)
					if err != nil {
						return err
					}
					if int(tag.RowsAffected()) != v.want {
						t.Errorf("%s, %s: %d rows, want %d", c.actor.ID, v.sql, tag.RowsAffected(), v.want)
					}
					return undone
				})
				if err == nil || !strings.Contains(err.Error(), "undone") {
					t.Errorf("%s, %s: %v", c.actor.ID, v.sql, err)
				}
			}
		}
		// Nobody puts a row where the posts do not reach, nor takes one there.
		const there = "SET grids = ARRAY[md5('g3')::uuid], communities = ARRAY[md5('west')::uuid], buildings = ARRAY[md5('b3')::uuid]"
		const lies = "SET grid_id = md5('g3')::uuid, community_id = md5('west')::uuid, building_id = md5('b3')::uuid"
		for _, v := range []struct {
			sql  string
			rows int // that it would change
		}{
			{"INSERT INTO resident (district, id, name, grids) VALUES ('here', gen_random_uuid(), repeat('x', 60)::bytea, ARRAY[md5('g3')::uuid])", 1},
			{"UPDATE resident " + there, want(c.write, "resident")}, {"UPDATE care_tag " + there, want(c.write, "care_tag")},
			{"UPDATE residency " + lies, want(c.write, "residency")}, {"UPDATE household_form " + lies, want(c.write, "household_form")},
		} {
			if c.actor.ID == "district" && v.rows > 0 && strings.HasPrefix(v.sql, "UPDATE") {
				continue // grid 3 is theirs, too
			}
			cases++
			err := r.store.As(t.Context(), c.actor, func(ctx context.Context, tx pgx.Tx) error {
				_, err := tx.Exec(ctx, v.sql)
				return err
			})
			var refused *pgconn.PgError
			if v.rows > 0 && !(errors.As(err, &refused) && refused.Code == "42501") || v.rows == 0 && err != nil {
				t.Errorf("%s takes somebody to grid 3, %s: %v", c.actor.ID, v.sql, err)
			}
		}
	}
	t.Logf("%d cases", cases)
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func firstColumn(table string) string {
	if table == "data_key" {
		return "home"
	}
	if table == "resident_use" {
		return "uses"
	}
	return "district"
}

// other enters somebody else in the first household.
func (r register) other(t *testing.T) resident.Resident {
	t.Helper()
	out, err := r.Create(t.Context(), worker, resident.Entry{Household: household(1), Person: resident.Person{Name: "丙"},
		Residency: resident.Residency{LivesHere: true, Tenure: resident.Guest}})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestALife: somebody is entered, moves to the next grid, is seen there and no more where they were, and is removed.
func TestALife(t *testing.T) {
	r := plantRegister(t)
	ctx := t.Context()
	planted := r.enter(t)
	both := in("both", staff.GridWorker, gridsOf("g1", "g2"))
	f, err := r.File(ctx, worker, household(1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.SetTag(ctx, worker, planted.Key, resident.Tag{Category: "ELDERLY_ALONE"}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.SetTag(ctx, worker, planted.Key, resident.Tag{Category: "ELDERLY_ALONE"}); !fault.Is(err, fault.Conflict) || fault.As(err).Key != "care.twice" {
		t.Errorf("a tag twice: %v", err)
	}
	next := resident.Residency{LivesHere: true, Tenure: resident.Tenant, From: r.today.AddDays(-1)}
	if _, err := r.MoveIn(ctx, both, planted.Key, household(2), next); !fault.Is(err, fault.Conflict) || fault.As(err).Key != "resident.livesElsewhere" {
		t.Errorf("living in two homes: %v", err)
	}
	if _, err := r.MoveIn(ctx, worker, planted.Key, household(2), next); !fault.Is(err, fault.NotFound) {
		t.Errorf("moving in with a household of another's grid: %v", err)
	}
	if _, err := r.MoveOut(ctx, worker, f.Members[0].Residency.Key, r.today); !fault.Is(err, fault.Invalid) {
		t.Errorf("an end at the beginning: %v", err)
	}
	if _, err := r.pool.Exec(ctx, "UPDATE residency SET during = daterange('2020-01-01', NULL)"); err != nil {
		t.Fatal(err)
	}
	out, err := r.MoveOut(ctx, worker, f.Members[0].Residency.Key, r.today.AddDays(-1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.MoveOut(ctx, worker, out.Key, r.today); !fault.Is(err, fault.Conflict) {
		t.Errorf("out twice: %v", err)
	}
	if _, err := r.Reveal(ctx, worker, planted.Key, resident.Name, visit); err != nil {
		t.Errorf("who is nowhere else is still with whom they were last: %v", err)
	}
	if _, err := r.MoveIn(ctx, both, planted.Key, household(2), next); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Reveal(ctx, worker, planted.Key, resident.Name, visit); !fault.Is(err, fault.NotFound) {
		t.Errorf("who moved away is seen on: %v", err)
	}
	f, err = r.File(ctx, neighbour, household(2))
	if err != nil || f.Kind != resident.Renting || len(f.Members) != 1 || len(f.Members[0].Tags) != 1 {
		t.Errorf("where they live now: %+v, %v", f, err)
	}
	if f, err := r.File(ctx, worker, household(1)); err != nil || len(f.Members) != 0 || f.Kind != "" {
		t.Errorf("where they lived: %+v, %v", f, err)
	}
	e, err := r.Export(ctx, both, planted.Key, resident.Why{Purpose: audit.Subject})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(e)
	if err != nil || len(e.Residencies) != 2 || !strings.Contains(string(text), plantedNumber) || !strings.Contains(string(text), "ELDERLY_ALONE") || !strings.Contains(string(text), "受限照护类别") {
		t.Errorf("%s, %v", text, err)
	}
	if e, err := r.Export(ctx, leader, planted.Key, resident.Why{Purpose: audit.Subject}); err != nil || len(e.NotIncluded) != 3 {
		t.Errorf("by who sees restricted categories: %q, %v", e.NotIncluded, err)
	}
	if err := r.Erase(ctx, neighbour, planted.Key, resident.OnRequest); err != nil {
		t.Fatal(err)
	}
	var left, erased int
	if err := r.pool.QueryRow(ctx, "SELECT (SELECT count(*) FROM resident) + (SELECT count(*) FROM residency) + (SELECT count(*) FROM care_tag), (SELECT sum(people) FROM resident_erasure)").Scan(&left, &erased); err != nil {
		t.Fatal(err)
	}
	if left != 0 || erased != 1 {
		t.Errorf("%d rows are left, %d removals counted", left, erased)
	}
	if _, err := r.Reveal(ctx, both, planted.Key, resident.Name, visit); !fault.Is(err, fault.NotFound) {
		t.Errorf("removed, they are told: %v", err)
	}
}

// TestNobodyReadsTheRegisterOutByNumbers: searches are few within an hour, also those that find nothing, and undone ones count.
func TestNobodyReadsTheRegisterOutByNumbers(t *testing.T) {
	r := plantRegister(t)
	r.enter(t)
	limited := 0
	for i := range 40 {
		number := fmt.Sprintf("110105195001%d%03dX", 10+i%20, i)
		_, err := r.Search(t.Context(), worker, number, visit)
		if i < 30 && err != nil {
			t.Fatalf("search %d: %v", i, err)
		}
		if fault.Is(err, fault.Limited) {
			limited++
		}
	}
	if limited != 10 {
		t.Errorf("%d of 40 searches were refused", limited)
	}
	if _, err := r.Search(t.Context(), neighbour, plantedNumber, visit); err != nil {
		t.Errorf("another's searches count: %v", err)
	}
}

// TestTheHourOfSearchesSlides: in no hour there are more than 30, whatever the clock says; what was refused does not count.
func TestTheHourOfSearchesSlides(t *testing.T) {
	r := plantRegister(t)
	r.enter(t)
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, shanghai)
	search := func(at time.Time) bool {
		t.Helper()
		r.Now = func() time.Time { return at }
		_, err := r.Search(t.Context(), worker, plantedNumber, visit)
		if err != nil && !fault.Is(err, fault.Limited) {
			t.Fatal(err)
		}
		return err == nil
	}
	for n := range 30 { // 10 of them at 12:59:50, 20 at 12:59:59
		at := noon.Add(59*time.Minute + 50*time.Second)
		if n >= 10 {
			at = at.Add(9 * time.Second)
		}
		if !search(at) {
			t.Fatalf("search %d is refused", n)
		}
	}
	next := noon.Add(time.Hour)
	if search(next) || search(next.Add(59*time.Minute+49*time.Second)) {
		t.Error("a new hour of the clock gives 30 more")
	}
	given := 0
	for range 20 {
		if search(next.Add(59*time.Minute + 50*time.Second)) {
			given++
		}
	}
	if given != 10 {
		t.Errorf("when an hour is over since ten of them, %d are given", given)
	}
	for range 20 {
		if search(next.Add(59*time.Minute + 59*time.Second)) {
			given++
		}
	}
	if given != 30 {
		t.Errorf("when it is since all, %d are given", given)
	}
}

// TestOneNumberHasOneFile: in a district, whoever may see it, and also where two are entered at once.
func TestOneNumberHasOneFile(t *testing.T) {
	r := plantRegister(t)
	ctx := t.Context()
	planted := r.enter(t)
	if _, err := r.SetTag(ctx, worker, planted.Key, resident.Tag{Category: "ELDERLY"}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.pool.Exec(ctx, "UPDATE residency SET during = daterange('2020-01-01', NULL)"); err != nil {
		t.Fatal(err)
	}
	again := func(home int, name, number string) resident.Entry {
		return resident.Entry{Household: household(home), Person: resident.Person{Name: name, Identity: number}, Residency: resident.Residency{LivesHere: true, Tenure: resident.Tenant}}
	}
	other, err := r.Create(ctx, neighbour, again(2, "赵甲", ""))
	if err != nil {
		t.Fatal(err)
	}
	number := plantedNumber
	_, numbered := r.Update(ctx, neighbour, resident.Change{Resident: other.Key, Version: 1, Identity: &number})
	enter := func(ctx context.Context, who account.Actor, e resident.Entry) error {
		_, err := r.Create(ctx, who, e)
		return err
	}
	create := func(who account.Actor, e resident.Entry) error { return enter(ctx, who, e) }
	takeUp := func(who account.Actor, e resident.Entry) error {
		e.HasFile = true
		return create(who, e)
	}
	for _, c := range []struct {
		name string
		err  error
		code fault.Code
		key  string
	}{
		{"by who keeps the file", create(worker, again(1, plantedName, plantedNumber)), fault.Conflict, "resident.known"},
		{"by who does not see it", create(neighbour, again(2, "赵乙", plantedNumber)), fault.Conflict, "resident.hasFile"},
		{"in another community", create(stranger, again(3, "赵乙", plantedNumber)), fault.Conflict, "resident.hasFile"},
		{"by a number that is changed", numbered, fault.Conflict, "resident.hasFile"},
		{"gone on with by another name", takeUp(neighbour, again(2, "赵乙", plantedNumber)), fault.NotFound, "resident.noFile"},
		{"gone on with by a number that nobody has", takeUp(neighbour, again(2, plantedName, "440524188001010014")), fault.NotFound, "resident.noFile"},
		{"gone on with by no number", takeUp(neighbour, again(2, plantedName, "")), fault.Invalid, "resident.numberNeeded"},
		{"gone on with in another's household", takeUp(neighbour, again(1, plantedName, plantedNumber)), fault.NotFound, "resident.noHousehold"},
		{"gone on with by who keeps none", takeUp(assistant, again(1, plantedName, plantedNumber)), fault.Forbidden, "beyond"},
	} {
		if f := fault.As(c.err); c.err == nil || f.Code != c.code || f.Key != c.key || len(f.Args) > 0 {
			t.Errorf("%s: %v", c.name, c.err)
		}
	}
	moved, err := r.Create(ctx, neighbour, resident.Entry{HasFile: true, Household: household(2), Person: resident.Person{Name: plantedName, Identity: plantedNumber, Phone: "13900001111"},
		Residency: resident.Residency{LivesHere: true, Tenure: resident.Tenant}})
	if err != nil || moved.Key != planted.Key || moved.Phone != "139****1111" {
		t.Fatalf("gone on with: %+v, %v", moved, err)
	}
	if acts := *r.acts; !strings.Contains(acts[len(acts)-1], "Action:MOVE_IN_RESIDENT") || !strings.Contains(acts[len(acts)-1], planted.Key.String()) {
		t.Errorf("recorded: %s", acts[len(acts)-1])
	}
	if again, err := r.Create(ctx, neighbour, resident.Entry{HasFile: true, Household: household(2), Person: resident.Person{Name: plantedName, Identity: plantedNumber},
		Residency: resident.Residency{LivesHere: true, Tenure: resident.Tenant}}); err != nil || again.Key != planted.Key || again.Version != moved.Version {
		t.Errorf("gone on with twice: %+v, %v", again, err)
	}
	here, err := r.File(ctx, neighbour, household(2))
	if err != nil || len(here.Members) != 2 || !slices.ContainsFunc(here.Members, func(m resident.Member) bool { return m.Key == planted.Key && len(m.Tags) == 1 }) {
		t.Errorf("where they live now: %+v, %v", here, err)
	}
	there, err := r.File(ctx, worker, household(1))
	if err != nil || there.Kind != resident.Apart || len(there.Members) != 1 || there.Members[0].Residency.LivesHere || !there.Members[0].Residency.RegisteredHere ||
		there.Members[0].Residency.From != r.today {
		t.Errorf("where they lived and are registered: %+v, %v", there, err)
	}

	// In households of two grids at once, also where the second came when data keys had been changed.
	for n, number := range []string{"440524188001010014", "110101199001010015"} {
		first, second := again(1, "钱", number), again(2, "钱", number)
		first.Odd, second.Odd = true, true
		if n > 0 {
			if _, err := r.Keys.Turn(ctx, db.NewSecrets(r.store), resident.Columns, func(int) {}); err != nil {
				t.Fatal(err)
			}
		}
		done := make(chan error, 1)
		if err := r.Store.Work(ctx, worker, func(ctx context.Context) error {
			if err := enter(ctx, worker, first); err != nil {
				return err
			}
			go func() { done <- enter(t.Context(), neighbour, second) }()
			for waiting := 0; waiting == 0 && len(done) == 0; time.Sleep(5 * time.Millisecond) {
				if err := r.pool.QueryRow(ctx, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted").Scan(&waiting); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Error(err)
		}
		if err := <-done; !fault.Is(err, fault.Conflict) || fault.As(err).Key != "resident.hasFile" {
			t.Errorf("two at once: %v", err)
		}
	}
}

// TestEnteringTellsWhoIsKnownNoMoreOftenThanSearching: who was refused as often as one may search is not told whether a number is known.
func TestEnteringTellsWhoIsKnownNoMoreOftenThanSearching(t *testing.T) {
	r := plantRegister(t)
	r.enter(t)
	ask := func(who account.Actor, number string) error {
		_, err := r.Create(t.Context(), who, resident.Entry{Household: household(2), Odd: true, Person: resident.Person{Name: "赵", Identity: number}, Residency: resident.Residency{LivesHere: true, Tenure: resident.Tenant}})
		return err
	}
	for i := range 30 {
		if err := ask(neighbour, plantedNumber); !fault.Is(err, fault.Conflict) {
			t.Fatalf("%d: %v", i, err)
		}
	}
	for _, number := range []string{plantedNumber, "440524188001010014"} {
		if err := ask(neighbour, number); !fault.Is(err, fault.Limited) {
			t.Errorf("a number is told of after 30: %v", err)
		}
	}
	if _, err := r.Search(t.Context(), neighbour, plantedNumber, visit); !fault.Is(err, fault.Limited) {
		t.Errorf("searching goes on: %v", err)
	}
	second := in("second", staff.GridWorker, gridsOf("g2"))
	for i := range 121 {
		switch err := ask(second, fmt.Sprintf("11010519500101%03d0", i)); {
		case i < 120 && err != nil:
			t.Fatalf("%d: %v", i, err)
		case i == 120 && !fault.Is(err, fault.Limited):
			t.Errorf("numbers without an end are entered: %v", err)
		}
	}
}

// TestKeysTurn: the ring is turned, data keys are changed, and all values open and are found as before, also by a server that was up meanwhile.
func TestKeysTurn(t *testing.T) {
	r := plantRegister(t)
	ctx := t.Context()
	planted := r.enter(t)
	if _, err := r.SetTag(ctx, leader, planted.Key, resident.Tag{Category: "DISABLED"}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.FillForm(ctx, worker, household(1), 1, map[string]string{"wishes": "x"}); err != nil {
		t.Fatal(err)
	}
	sealing, err := r.Keys.For(ctx, "here", resident.ContactKeys)
	if err != nil {
		t.Fatal(err)
	}
	const more = 1100 // than two transactions take
	ids, phones := make([]uuid.UUID, more), make([][]byte, more)
	for i := range ids {
		ids[i] = key.Random{}.NewID()
		phones[i] = sealing.Seal(vault.Place{Table: "resident", Column: "phone", Row: ids[i]}, []byte("66"))
	}
	if _, err := r.pool.Exec(ctx, "INSERT INTO resident (district, id, name, phone) SELECT 'here', x.id, x.phone, x.phone FROM unnest($1::uuid[], $2::bytea[]) x (id, phone)", ids, phones); err != nil {
		t.Fatal(err)
	}
	if _, err := r.pool.Exec(ctx, "ALTER TABLE resident ALTER name DROP NOT NULL; UPDATE resident SET name = NULL WHERE name = phone"); err != nil {
		t.Fatal(err)
	}
	ring, now := r.ring, time.Now()
	store := db.NewSecrets(r.store)
	apart := &vault.Keys{Ring: func() (*vault.Ring, error) { return ring, nil }, Store: store, Now: func() time.Time { return now }, NewID: key.Random{}.NewID}
	if err := apart.Check(ctx); err != nil {
		t.Fatal(err)
	}
	if ring, err = ring.Turned(now); err != nil {
		t.Fatal(err)
	}
	turned, err := apart.Turn(ctx, store, nil, func(int) {})
	if err != nil || turned != (vault.Turned{DataKeys: 5}) {
		t.Fatalf("%+v, %v", turned, err)
	}
	before, err := store.SealedUnder(ctx, resident.Columns)
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	turned, err = apart.Turn(ctx, store, resident.Columns, func(n int) { told = n })
	if err != nil || turned != (vault.Turned{Retired: 5, Values: 6 + more}) || told != 6+more {
		t.Fatalf("%+v, %v, told %d", turned, err, told)
	}
	after, err := store.SealedUnder(ctx, resident.Columns)
	if err != nil || len(after) != 5 {
		t.Fatalf("%v, %v", after, err)
	}
	for id := range before {
		if after[id] != 0 {
			t.Errorf("%d values are still under key %s", after[id], id)
		}
	}
	now = now.Add(vault.Grace + time.Second)
	if turned, err = apart.Turn(ctx, store, resident.Columns, func(int) {}); err != nil || turned != (vault.Turned{Retired: 5, Values: 6 + more, Dropped: 5}) {
		t.Fatalf("later: %+v, %v", turned, err)
	}
	// The server of before has the old ring in its hand, and reads it anew where it must.
	r.Keys.Ring = func() (*vault.Ring, error) { return ring, nil }
	if v, err := r.Reveal(ctx, worker, planted.Key, resident.IdentityNumber, visit); err != nil || v != plantedNumber {
		t.Errorf("%q, %v", v, err)
	}
	if found, err := r.Search(ctx, worker, plantedNumber, visit); err != nil || len(found) != 1 {
		t.Errorf("%v, %v", found, err)
	}
	f, err := r.File(ctx, worker, household(1))
	if err != nil || len(f.Members) != 1 || len(f.Members[0].Tags) != 1 || f.Form == nil || f.Form.Answers["wishes"] != "x" {
		t.Errorf("%+v, %v", f, err)
	}
	if _, err := r.SetTag(ctx, leader, planted.Key, resident.Tag{Category: "DISABLED"}); !fault.Is(err, fault.Conflict) {
		t.Errorf("the same tag again: %v", err)
	}
	small := ring.Without(func(id string) bool { first, _ := r.ring.Current(); return id == first })
	if small.Len() != 1 {
		t.Fatalf("%d keys of the ring are in use", small.Len())
	}
	ring = small
	if err := (&vault.Keys{Ring: func() (*vault.Ring, error) { return ring, nil }, Store: store, Now: time.Now}).Check(ctx); err != nil {
		t.Errorf("without the old key of the ring: %v", err)
	}
}

// TestWhatIsOverGoes: ended residencies, expired tags and old forms are removed when their time is over and not before; who has none left is counted and gone.
func TestWhatIsOverGoes(t *testing.T) {
	r := plantRegister(t)
	ctx := t.Context()
	now := time.Now()
	r.Now = func() time.Time { return now }
	planted, stays := r.enter(t), r.other(t)
	if _, err := r.SetTag(ctx, leader, planted.Key, resident.Tag{Category: "DISABLED"}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.FillForm(ctx, worker, household(1), 1, map[string]string{"party": "1"}); err != nil {
		t.Fatal(err)
	}
	f, err := r.File(ctx, worker, household(1))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range f.Members {
		if m.Key == planted.Key {
			if _, err := r.MoveOut(ctx, worker, m.Residency.Key, r.Today().AddDays(2)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := r.MoveIn(ctx, in("both", staff.GridWorker, gridsOf("g1", "g2")), planted.Key, household(2),
		resident.Residency{LivesHere: true, Tenure: resident.Tenant, From: r.Today().AddDays(2)}); err != nil {
		t.Fatal(err)
	}
	began := now
	step := func(days int, want resident.Ended) {
		t.Helper()
		now = began.AddDate(0, 0, days)
		acts := len(*r.acts)
		if done, err := r.Expire(ctx); err != nil || done != want {
			t.Errorf("after %d days: %+v, %v, want %+v", days, done, err, want)
		}
		if (len(*r.acts) > acts) != (want != resident.Ended{}) {
			t.Errorf("after %d days: %v is on record", days, (*r.acts)[acts:])
		}
	}
	step(1, resident.Ended{})
	if _, err := r.Reveal(ctx, worker, planted.Key, resident.Phone, visit); err != nil {
		t.Errorf("the day before they move: %v", err)
	}
	step(2, resident.Ended{})
	if _, err := r.Reveal(ctx, worker, planted.Key, resident.Phone, visit); !fault.Is(err, fault.NotFound) {
		t.Errorf("the day they moved: %v", err)
	}
	step(365+89, resident.Ended{})
	step(365+90, resident.Ended{Tags: 1})
	step(731, resident.Ended{})
	step(732, resident.Ended{Residencies: 1})
	if _, err := r.pool.Exec(ctx, "UPDATE residency SET during = daterange(lower(during), $1::date) WHERE resident_id = $2", r.today.AddDays(10).Time(), planted.Key.ID); err != nil {
		t.Fatal(err)
	}
	step(739, resident.Ended{})
	step(740, resident.Ended{Residencies: 1, People: 1})
	step(1095, resident.Ended{Forms: 1})
	step(4000, resident.Ended{})
	if _, err := r.Reveal(ctx, worker, stays.Key, resident.Name, visit); err != nil {
		t.Errorf("who lives there: %v", err)
	}
	var gone int
	if err := r.pool.QueryRow(ctx, "SELECT people FROM resident_erasure WHERE reason = 'RETENTION'").Scan(&gone); err != nil || gone != 1 {
		t.Errorf("%d are counted, %v", gone, err)
	}
}

// TestWhatGivesAValueOutIsAnchoredFirst: the entry of it, once it is committed and before who asked is told; what is masked and what is refused is not waited for.
func TestWhatGivesAValueOutIsAnchoredFirst(t *testing.T) {
	r := plantRegister(t)
	planted := r.enter(t)
	ctx := t.Context()
	for _, c := range []struct {
		name string
		do   func() error
		want bool
	}{
		{"reveal", func() error { _, err := r.Reveal(ctx, worker, planted.Key, resident.Phone, visit); return err }, true},
		{"export", func() error { _, err := r.Export(ctx, worker, planted.Key, visit); return err }, true},
		{"search", func() error { _, err := r.Search(ctx, worker, plantedNumber, visit); return err }, true},
		{"file", func() error { _, err := r.File(ctx, worker, household(1)); return err }, false},
	} {
		if err := c.do(); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if acts := *r.acts; (acts[len(acts)-1] == "anchored") != c.want {
			t.Errorf("%s: the last is %s", c.name, acts[len(acts)-1])
		}
	}
}
