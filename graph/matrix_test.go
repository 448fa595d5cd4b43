package graph_test

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/pquerna/otp/totp"
	"github.com/vektah/gqlparser/v2/ast"

	"wangge/db"
	"wangge/domain/access"
	"wangge/domain/account"
	"wangge/domain/audit"
	"wangge/domain/civil"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/domain/resident"
	"wangge/domain/secret"
	"wangge/domain/staff"
	"wangge/graph"
	"wangge/internal/testdb"
	"wangge/internal/traces"
)

// matrix is docs/who-may-what.md: what each column may of each row.
func matrix(t testing.TB) (rows []string, cells map[string]map[string]string) {
	t.Helper()
	text, err := os.ReadFile("../docs/who-may-what.md")
	if err != nil {
		t.Fatal(err)
	}
	var columns []string
	cells = map[string]map[string]string{}
	for line := range strings.Lines(string(text)) {
		line, ok := strings.CutPrefix(strings.TrimSpace(line), "|")
		if !ok || strings.HasPrefix(line, "---") {
			continue
		}
		parts := strings.Split(strings.TrimSuffix(line, "|"), "|")
		for i := range parts {
			parts[i] = strings.TrimSpace(parts[i])
		}
		if columns == nil {
			columns = parts[1:]
			continue
		}
		if len(parts) != len(columns)+1 || cells[parts[0]] != nil {
			t.Fatalf("row %q is there twice, or has %d cells", parts[0], len(parts)-1)
		}
		row := map[string]string{}
		for i, column := range columns {
			row[column] = parts[i+1]
		}
		rows, cells[parts[0]] = append(rows, parts[0]), row
	}
	return rows, cells
}

// A spot is a house of a grid, with something planted of each kind that is not for everybody.
type spot struct {
	grid, community                    string
	area                               account.Area
	building, unit, household, entity  string // by id
	resident, residency                string
	room, name, number, phone, special string // planted
	credit, ref                        string
	exact                              string  // what the operator is told of how few live in its grid
	informant                          key.Key // who holds a post of the grid and no other
}

// An asker is somebody who asks, in the column that the phase puts them in.
type asker struct {
	name    string
	columns [3]string // before, during and after the cover
	own     []int     // the spots that their posts reach, while they are in force
	login   string    // "": nobody
	secret  string    // of the second factor
	token   string    // of a program, that asks instead; "": they ask themselves
	account string
	worker  string // by name
}

// The phases: the cover of grid 7 lasts from 1 to 7 March.
var phases = [3]time.Time{time.Date(2026, 2, 20, 2, 0, 0, 0, time.UTC), now, time.Date(2026, 3, 10, 2, 0, 0, 0, time.UTC)}

var phaseNames = [3]string{"before the cover", "during it", "after it"}

// world is two towns with three communities, and everybody who may ask.
type world struct {
	server
	t        testing.TB
	r        *graph.Resolver
	pool     *pgxpool.Pool
	clock    time.Time
	spots    []*spot
	askers   []*asker
	left     string // a worker who holds no post any more
	secretly string // the login of an account of nobody here
	seeder   account.Actor
	schema   *ast.Schema
	days     int // someDay gave
}

const plantedAct = "PLANTED_ACT"

const wholePassword = "麦田上的九只喜鹊 flew"

func newWorld(t testing.TB) *world {
	t.Helper()
	const c3 = "990102002003"
	pool := testdb.New(t)
	r := town(t, pool)
	w := &world{t: t, r: r, pool: pool, clock: phases[0], schema: graph.NewExecutableSchema(graph.Config{}).Schema()}
	ctx, op := t.Context(), account.TheOperator()
	if report, err := r.Places.ImportDivisions(ctx, op, rowsOf([]place.DivisionRow{{Row: place.Row{Source: "t", Code: "990102002", Name: "邻街道"}, Level: place.Town}}),
		place.ImportOptions{IDs: key.Random{}}); err != nil || report.Refused > 0 {
		t.Fatal(err, report)
	}
	village(t, r, pool, c3, 2, 2, 2, 4)
	now := func() time.Time { return w.clock }
	r.Places.Now, r.Grids.Now, r.Staff.Now, r.Coverage.Now, r.Audit.Now, r.Around.Now = now, now, now, now, now, now
	d := db.New(pool)
	d.Keys = r.Audit.Keys
	ring := must(secret.NewRing(w.clock))
	r.Residents = &resident.Service{Store: db.NewResidents(d), Now: now, Zone: r.Staff.Zone, IDs: key.Random{}, Recorder: r.Audit,
		Keys: &secret.Keys{Ring: func() (*secret.Ring, error) { return ring, nil }, Store: db.NewSecrets(d), Now: now, NewID: key.Random{}.NewID}}
	r.Access = access.New(db.NewAccounts(d))
	r.Access.Now, r.Access.Staff, r.Access.Grids, r.Access.Places = now, r.Staff, r.Grids, r.Places
	r.Access.Sealer = must(access.NewSealer([access.KeyBytes]byte{1, 2, 3}))
	w.server = serve(t, r, t.Output())

	for i, grid := range []string{gridCode(c1, 3), gridCode(c1, 7), gridCode(c2, 1), gridCode(c3, 1)} {
		w.spots = append(w.spots, w.spot(i, grid))
	}
	testdb.Settle(func(sql string) { run(t, pool, sql) })
	run(t, pool, registerChange)
	everything := account.SetOf(account.Households, account.Residents, account.Keep, account.Reveal, account.Care, account.Restricted)
	w.seeder = account.Actor{Role: account.Staff, ID: "seeder", Scope: account.NewScope(account.Grant{Rights: everything, Reach: account.Reach{Districts: []string{w.spots[0].area.District}}})}
	if _, err := r.Residents.SetCategory(ctx, op, resident.Category{Code: "SEALED", Chinese: "限", English: "Restricted", LegalBasis: "法", Restricted: true}); err != nil {
		t.Fatal(err)
	}
	for _, p := range w.spots {
		k := w.enter(p, resident.Person{Name: p.name, Identity: p.number, Phone: p.phone})
		p.resident, p.residency = k.String(), w.residencyOf(k)
		stats := w.ask(t, op, probes["PlaceStats of few"].query, map[string]any{"grid": p.grid})
		if p.exact = string(stats.Data); stats.Errors != nil || strings.Contains(p.exact, "null") {
			t.Fatalf("%s", stats.Raw)
		}
		if _, err := r.Residents.SetTag(ctx, w.seeder, k, resident.Tag{Category: "SEALED", LegalBasis: p.special}); err != nil {
			t.Fatal(err)
		}
	}

	town := "990102001"
	var southern string
	if err := pool.QueryRow(ctx, "SELECT district || '-' || replace(id::text, '-', '') FROM grid_group WHERE name = '南组'").Scan(&southern); err != nil {
		t.Fatal(err)
	}
	third, seventh := gridCode(c1, 3), gridCode(c1, 7)
	all := func(column string) [3]string { return [3]string{column, column, column} }
	w.askers = append(w.askers, &asker{name: "anyone", columns: all("public")})
	away := w.hire("甲", all("worker"), []int{1}, staff.GridWorker, staff.CoverA, staff.AreaGrid, seventh)
	w.hire("乙", [3]string{"neighbours", "worker", "neighbours"}, []int{1}, staff.GridWorker, staff.CoverB, staff.AreaGrid, seventh)
	w.hire("丙", all("worker"), []int{0}, staff.GridWorker, staff.CoverA, staff.AreaGrid, third)
	w.hire("丁", all("neighbours"), nil, staff.GridWorker, staff.CoverB, staff.AreaGrid, third)
	w.hire("戊", all("neighbours"), nil, staff.Informant, staff.CoverA, staff.AreaGrid, third)
	w.hire("己", all("neighbours"), nil, staff.Volunteer, staff.CoverA, staff.AreaGrid, third)
	w.hire("庚", all("neighbours"), nil, staff.GridLeader, staff.CoverB, staff.AreaGroup, southern) // its leader is there
	w.hire("辛", all("helpers"), []int{0}, staff.SectionLeader, staff.CoverA, staff.AreaGrid, third)
	w.hire("壬", all("helpers"), []int{1}, staff.Assistant, staff.CoverA, staff.AreaGrid, seventh)
	w.hire("癸", all("counter"), []int{0, 1}, staff.CounterStaff, staff.CoverA, staff.AreaDivision, c1)
	w.hire("子", all("station"), []int{0, 1}, staff.StationHead, staff.CoverA, staff.AreaDivision, c1)
	w.hire("丑", all("chief"), []int{0, 1}, staff.ChiefLeader, staff.CoverA, staff.AreaDivision, c1)
	w.hire("寅", all("chief"), []int{0, 1, 2}, staff.ChiefLeader, staff.CoverA, staff.AreaDivision, town)
	w.hire("卯", all("platform"), []int{0, 1}, staff.PlatformAdmin, staff.CoverA, staff.AreaDivision, c1)
	w.hire("辰", all("group"), []int{0, 1}, staff.GridLeader, staff.CoverA, staff.AreaGroup, w.groupOf("北组", seventh, third))
	w.hire("巳", all("neighbours"), nil, "", "", "", "")
	w.program("reader", "丙", access.NewToken{Rights: account.SetOf(account.Households, account.Residents, account.Reveal, account.Keep, account.Care)})
	w.program("keeper", "子", access.NewToken{Rights: account.SetOf(account.Households, account.Residents, account.Keep), Writes: true})
	for _, role := range []account.Role{account.Operator, account.Security, account.Auditor} {
		w.give(&asker{name: string(role), columns: all(string(role)), login: string(role)}, access.NewAccount{Role: role})
	}
	if err := r.Audit.Record(ctx, op, audit.Entry{Action: plantedAct}); err != nil {
		t.Fatal(err)
	}
	first, back := date("2026-03-01"), date("2026-03-08")
	if _, err := r.Staff.RecordAbsence(ctx, op, away, first, back); err != nil {
		t.Fatal(err)
	}
	w.left, w.secretly = "植入离任者", "planted.nobody"
	w.give(&asker{login: w.secretly}, access.NewAccount{Role: account.Security})
	w.askers = w.askers[:len(w.askers)-1]
	gone := must(r.Staff.Add(ctx, op, staff.NewWorker{Name: w.left}, staff.AreaDivision, c2))
	from, until := date("2026-01-01"), date("2026-02-01")
	if _, err := r.Staff.Appoint(ctx, op, staff.Appointment{Worker: gone.Key, Post: staff.GridWorker, Cover: staff.CoverA, AreaKind: staff.AreaGrid, AreaName: gridCode(c2, 1), From: &from, Until: &until}); err != nil {
		t.Fatal(err)
	}
	for _, p := range w.spots {
		informant := must(r.Staff.Add(ctx, op, staff.NewWorker{Name: "信息员"}, staff.AreaDivision, p.community))
		p.informant = informant.Key
		if _, err := r.Staff.Appoint(ctx, op, staff.Appointment{Worker: informant.Key, Post: staff.Informant, Cover: staff.CoverA, AreaKind: staff.AreaGrid, AreaName: p.grid, From: &from}); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range w.spots[1:3] { // who asks goes on with the former codes
		if _, err := r.Grids.Recode(ctx, op, p.grid, p.grid[:12]+"9"+p.grid[13:], 1); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// program gives an asker who was hired by a name a token, which asks in a column of its own.
func (w *world) program(column, name string, n access.NewToken) {
	w.t.Helper()
	of := w.askers[slices.IndexFunc(w.askers, func(a *asker) bool { return a.worker == "工"+name })]
	n.Name, n.Expires = column, phases[2].AddDate(0, 1, 0)
	token, _, err := w.r.Access.MakeToken(w.t.Context(), w.actor(of), n)
	if err != nil {
		w.t.Fatal(err)
	}
	w.askers = append(w.askers, &asker{name: "a token of " + of.name, columns: [3]string{column, column, column}, own: of.own, account: of.account, token: token})
}

// groupOf puts grids into a group and returns its key.
func (w *world) groupOf(name string, grids ...string) (of string) {
	w.t.Helper()
	run(w.t, w.pool, "UPDATE grid SET group_id = (SELECT id FROM grid_group WHERE name = $1) WHERE code = ANY ($2)", name, grids)
	if err := w.pool.QueryRow(w.t.Context(), "SELECT district || '-' || replace(id::text, '-', '') FROM grid_group WHERE name = $1", name).Scan(&of); err != nil {
		w.t.Fatal(err)
	}
	return of
}

// spot plants a household, an employer and a number of another system in the first building of a grid.
func (w *world) spot(n int, grid string) *spot {
	w.t.Helper()
	p := &spot{grid: grid, community: grid[:12], room: fmt.Sprintf("9%d7-植", n), name: "植入" + string([]rune("东南西北")[n]), phone: fmt.Sprintf("1390000777%d", n),
		number:  []string{"11010519491231002X", "440524188001010014", "110105194912310011", "11010519491231003X"}[n],
		special: fmt.Sprintf("植入之法%d", n), credit: fmt.Sprintf("91110000ZZZZZZZ%02dX", n), ref: fmt.Sprintf("PLANTED-REF-%d", n)}
	traces.Plant(w.t, "a value of a resident's file", p.name, p.number, p.phone, p.special)
	var unit, household, entity uuid.UUID
	err := w.pool.QueryRow(w.t.Context(), `SELECT g.district, g.community_id, g.id, bg.building_id FROM grid g JOIN building_grid bg ON bg.grid_id = g.id WHERE g.code = $1 ORDER BY 4 LIMIT 1`, grid).
		Scan(&p.area.District, &p.area.Community, &p.area.Grid, &p.area.Building)
	if err == nil {
		err = w.pool.QueryRow(w.t.Context(), `WITH u AS (INSERT INTO unit (district, id, building_id, name) VALUES ($1, gen_random_uuid(), $2, '99单元') RETURNING id),
			w AS (INSERT INTO dwelling (district, id, unit_id, room) SELECT $1, gen_random_uuid(), id, $3 FROM u RETURNING id),
			h AS (INSERT INTO household (district, id, dwelling_id, residents, since) SELECT $1, gen_random_uuid(), id, 1, '2026-01-01' FROM w RETURNING id),
			e AS (INSERT INTO legal_entity (district, id, name, building_id) VALUES ($1, gen_random_uuid(), '店', $2) RETURNING id),
			r AS (INSERT INTO entity_record (district, entity_id, code, credit_code) SELECT $1, id, $4, $4 FROM e),
			x AS (INSERT INTO external_ref (district, owner_kind, owner_id, system, code) VALUES ($1, 'building', $2, 'planted', $5))
			SELECT u.id, h.id, e.id FROM u, h, e`, p.area.District, p.area.Building, p.room, p.credit, p.ref).Scan(&unit, &household, &entity)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	name := func(id uuid.UUID) string { return key.Key{Home: p.area.District, ID: id}.String() }
	p.building, p.unit, p.household, p.entity = name(p.area.Building), name(unit), name(household), name(entity)
	return p
}

// enter enters somebody as one who may do so everywhere.
func (w *world) enter(p *spot, who resident.Person) key.Key {
	w.t.Helper()
	home, _ := key.Parse(p.household)
	r, err := w.r.Residents.Create(w.t.Context(), w.seeder, resident.Entry{Household: home, Person: who, Odd: true, Residency: resident.Residency{LivesHere: true, Tenure: resident.Tenant}})
	if err != nil {
		w.t.Fatal(err)
	}
	return r.Key
}

func (w *world) residencyOf(k key.Key) string {
	w.t.Helper()
	var id uuid.UUID
	if err := w.pool.QueryRow(w.t.Context(), "SELECT id FROM residency WHERE resident_id = $1", k.ID).Scan(&id); err != nil {
		w.t.Fatal(err)
	}
	return key.Key{Home: k.Home, ID: id}.String()
}

func (w *world) hire(name string, columns [3]string, own []int, post staff.Post, cover staff.Cover, kind staff.AreaKind, area string) key.Key {
	w.t.Helper()
	op := account.TheOperator()
	worker, err := w.r.Staff.Add(w.t.Context(), op, staff.NewWorker{Name: "工" + name}, staff.AreaDivision, c1)
	if err != nil {
		w.t.Fatal(err)
	}
	if post != "" {
		from := date("2026-01-01")
		if _, err := w.r.Staff.Appoint(w.t.Context(), op, staff.Appointment{Worker: worker.Key, Post: post, Cover: cover, AreaKind: kind, AreaName: area, From: &from}); err != nil {
			w.t.Fatalf("%s: %v", post, err)
		}
	}
	w.give(&asker{name: fmt.Sprintf("%s %s %s", post, cover, area), columns: columns, own: own, login: fmt.Sprintf("asker%d", len(w.askers)), worker: worker.Name},
		access.NewAccount{Role: account.Staff, Worker: &worker.Key})
	return worker.Key
}

// give gives who asks an account, with a password and a second factor of their own.
func (w *world) give(a *asker, n access.NewAccount) {
	w.t.Helper()
	ctx := w.t.Context()
	n.Login = a.login
	made, password, err := w.r.Access.Give(ctx, access.OnTheMachine(), n)
	if err != nil {
		w.t.Fatal(err)
	}
	a.account = made.ID.String()
	token, v, err := w.r.Access.SignIn(ctx, access.From{}, a.login, password, "")
	if err == nil {
		token, v, err = w.r.Access.ChangePassword(ctx, token, password, wholePassword)
	}
	if err == nil && v.Step == access.StepEnrol {
		var e access.Enrolment
		if e, err = w.r.Access.Enrol(ctx, token); err == nil {
			a.secret = e.Secret
			_, _, _, err = w.r.Access.Prove(ctx, token, must(totp.GenerateCode(e.Secret, w.clock)))
		}
	}
	if err != nil {
		w.t.Fatal(a.login, err)
	}
	w.askers = append(w.askers, a)
}

// actor is who the server takes somebody for who signs in now.
func (w *world) actor(a *asker) account.Actor {
	w.t.Helper()
	if a.token != "" {
		return must(w.r.Access.WhoHolds(w.t.Context(), a.token))
	}
	if a.login == "" {
		return account.Anyone()
	}
	token, v, err := w.r.Access.SignIn(w.t.Context(), access.From{}, a.login, wholePassword, "")
	if err == nil && v.Step == access.StepCode {
		token, _, err = w.r.Access.ShowCode(w.t.Context(), access.From{}, token, must(totp.GenerateCode(a.secret, w.clock)))
	}
	if err != nil {
		w.t.Fatal(a.login, err)
	}
	actor, err := w.r.Access.WhoSigned(w.t.Context(), token)
	if err != nil || actor.Role == account.Public {
		w.t.Fatalf("%s asks as %v, %v", a.name, actor, err)
	}
	return actor
}

// someDay is another day of years to come each time.
func (w *world) someDay() civil.Date {
	w.days += 2
	return date("2030-01-01").AddDays(w.days)
}

// volunteering is a post of a spot's informant that is there to be ended.
func (w *world) volunteering(p *spot) key.Key {
	w.t.Helper()
	from, until := date("2050-01-01"), date("2099-01-01")
	return must(w.r.Staff.Appoint(w.t.Context(), account.TheOperator(), staff.Appointment{Worker: p.informant, Post: staff.Volunteer, Cover: staff.CoverA, AreaKind: staff.AreaGrid, AreaName: p.grid,
		From: &from, Until: &until})).Key
}

// A probe asks for what a row is about, at a spot.
type probe struct {
	query string
	in    func(w *world, p *spot) map[string]any // of the variable $in
	told  func(p *spot, raw string) bool         // nil: unless it is FORBIDDEN or NOT_FOUND
}

func contains(of func(*spot) string) func(*spot, string) bool {
	return func(p *spot, raw string) bool { return strings.Contains(raw, of(p)) }
}

// number and notNull report whether a count is told.
func number(_ *spot, raw string) bool {
	return regexp.MustCompile(`"households":\s*\d`).MatchString(raw)
}
func notNull(_ *spot, raw string) bool {
	return strings.Contains(raw, `"householdsEach":`) && !strings.Contains(raw, `"householdsEach":null`)
}

func mutation(name, below string, in func(w *world, p *spot) map[string]any) probe {
	return probe{query: fmt.Sprintf("mutation ($in: %s%sInput!) { %s(input: $in) { %s } }", strings.ToUpper(name[:1]), name[1:], name, below), in: in}
}

// aside is somebody who is there to be changed.
func (w *world) aside(p *spot) key.Key { return w.enter(p, resident.Person{Name: "临时"}) }

const inBuilding = `nodes { legalEntities { nodes { creditCode externalRefs { code } } } externalRefs { code } units(first: 4) { nodes { households(first: 20) { nodes { room number residents } } } } }`

// probes ask what posts reach. Rows that have none are a matter of roles alone.
var probes = map[string]probe{
	"Query.householdFile": {query: `query ($household: ID!) { householdFile(household: $household) { room members { resident { name identityNumber phone } } } }`},
	"Unit.households": {query: `query ($building: ID!, $grid: ID!) { building(id: $building) { units(first: 9) { nodes { households(first: 50) { nodes { room } } } } } grid(code: $grid) { buildings(first: 9) { ` + inBuilding + ` } } }`,
		told: contains(func(p *spot) string { return p.room })},
	"PlaceStats of few":              {query: `query ($grid: ID!) { grid(code: $grid) { stats { households residents } } }`, told: contains(func(p *spot) string { return p.exact })},
	"Grid.informants.householdsEach": {query: `query ($grid: ID!) { grid(code: $grid) { informants { householdsEach } } }`, told: notNull},
	"CoverageProblem.households":     {query: `query { coverage(division: "` + c1 + `") { problems(first: 100) { nodes { kind households } } } }`, told: number},
	"LegalEntity.creditCode": {query: `query ($building: ID!) { building(id: $building) { legalEntities { nodes { name creditCode code externalRefs { code } } } } }`,
		told: contains(func(p *spot) string { return p.credit })},
	"Building.externalRefs": {query: `query ($building: ID!) { building(id: $building) { externalRefs { code } } }`, told: contains(func(p *spot) string { return p.ref })},
	"Vacancy.last":          {query: `query { division(code: "` + c2 + `") { vacancies { nodes { last { worker { name } } } } } }`, told: func(_ *spot, raw string) bool { return strings.Contains(raw, "植入离任者") }},
	"CareTag of a restricted category": {query: `query ($household: ID!) { householdFile(household: $household) { members { tags { category legalBasis } } } }`,
		told: contains(func(p *spot) string { return p.special })},
	"Mutation.setSizePolicy": mutation("setSizePolicy", "division { code }", func(_ *world, p *spot) map[string]any { return map[string]any{"division": p.community, "version": 99} }),
	"Mutation.setDivisionContacts": mutation("setDivisionContacts", "division { code }", func(_ *world, p *spot) map[string]any {
		return map[string]any{"division": p.community, "version": 99}
	}),
	"Mutation.appointWorker": mutation("appointWorker", "assignment { id }", func(_ *world, p *spot) map[string]any {
		return map[string]any{"workerId": p.informant.String(), "post": "VOLUNTEER", "area": map[string]any{"kind": "GRID", "name": p.grid}, "until": "2099-01-01"}
	}),
	"Mutation.endAssignment": mutation("endAssignment", "id", func(w *world, p *spot) map[string]any {
		return map[string]any{"id": w.volunteering(p).String(), "until": "2060-01-01"}
	}),
	"Mutation.recordAbsence": mutation("recordAbsence", "id", func(w *world, p *spot) map[string]any {
		from := w.someDay()
		return map[string]any{"workerId": p.informant.String(), "from": from.String(), "until": from.AddDays(1).String()}
	}),
	"Mutation.endAbsence": mutation("endAbsence", "absence { id }", func(w *world, p *spot) map[string]any {
		from := w.someDay()
		return map[string]any{"id": must(w.r.Staff.RecordAbsence(w.t.Context(), account.TheOperator(), p.informant, from, from.AddDays(1))).Key.String(), "until": from.String()}
	}),
	"Mutation.placeBuilding":   mutation("placeBuilding", "building { id }", func(_ *world, p *spot) map[string]any { return map[string]any{"building": p.building, "grid": p.grid} }),
	"Mutation.placeUnit":       mutation("placeUnit", "unit { id }", func(_ *world, p *spot) map[string]any { return map[string]any{"unit": p.unit, "grid": p.grid} }),
	"Query.boardsToReprint":    {query: `query ($division: ID!) { boardsToReprint(division: $division) { nodes { revision } } }`},
	"Query.boardsNeverPrinted": {query: `query ($division: ID!) { boardsNeverPrinted(division: $division) { nodes { revision } } }`},
	"Mutation.recordBoardsPrinted": mutation("recordBoardsPrinted", "prints { revision }", func(_ *world, p *spot) map[string]any {
		return map[string]any{"boards": []any{map[string]any{"building": p.building, "mark": "none"}, map[string]any{"grid": p.grid}}}
	}),
	"Mutation.takeBackBoardsPrinted": mutation("takeBackBoardsPrinted", "count", func(_ *world, p *spot) map[string]any {
		return map[string]any{"boards": []any{map[string]any{"building": p.building, "revision": 99}, map[string]any{"grid": p.grid, "revision": 99}}}
	}),
	"Mutation.revealResident": mutation("revealResident", "value", func(_ *world, p *spot) map[string]any {
		return map[string]any{"id": p.resident, "field": "PHONE", "purpose": "VISIT"}
	}),
	"Mutation.exportResident": mutation("exportResident", "document", func(_ *world, p *spot) map[string]any { return map[string]any{"id": p.resident, "purpose": "SUBJECT"} }),
	"Mutation.searchResident": {query: `mutation ($in: SearchResidentInput!) { searchResident(input: $in) { residents { id name } } }`,
		in: func(_ *world, p *spot) map[string]any {
			return map[string]any{"identityNumber": p.number, "purpose": "VISIT"}
		},
		told: contains(func(p *spot) string { return p.resident })},
	"Mutation.createResident": mutation("createResident", "resident { id }", func(_ *world, p *spot) map[string]any {
		return map[string]any{"household": p.household, "name": "新来", "registeredHere": false, "livesHere": true, "tenure": "TENANT"}
	}),
	"Mutation.updateResident": mutation("updateResident", "resident { id name }", func(_ *world, p *spot) map[string]any { return map[string]any{"id": p.resident, "version": 99} }),
	"Mutation.moveInResident": mutation("moveInResident", "residency { id }", func(_ *world, p *spot) map[string]any {
		return map[string]any{"id": p.resident, "household": p.household, "registeredHere": true, "livesHere": false, "tenure": "TENANT"}
	}),
	"Mutation.moveOutResident": mutation("moveOutResident", "residency { id }", func(w *world, p *spot) map[string]any {
		return map[string]any{"id": w.residencyOf(w.aside(p)), "until": civil.Of(w.clock, w.r.Staff.Zone).String()}
	}),
	"Mutation.eraseResident": mutation("eraseResident", "id", func(w *world, p *spot) map[string]any {
		return map[string]any{"id": w.aside(p).String(), "reason": "MISTAKE"}
	}),
	"Mutation.mergeResidents": mutation("mergeResidents", "resident { id }", func(w *world, p *spot) map[string]any {
		return map[string]any{"keep": w.aside(p).String(), "keepVersion": 1, "other": w.aside(p).String(), "otherVersion": 1, "samePerson": true}
	}),
	"Mutation.setCareTag": mutation("setCareTag", "tag { id }", func(w *world, p *spot) map[string]any {
		return map[string]any{"id": w.aside(p).String(), "category": "ELDERLY"}
	}),
	"Mutation.removeCareTag": mutation("removeCareTag", "id", func(w *world, p *spot) map[string]any {
		return map[string]any{"id": must(w.r.Residents.SetTag(w.t.Context(), w.seeder, w.aside(p), resident.Tag{Category: "ELDERLY"})).Key.String()}
	}),
	"Mutation.fillHouseholdForm": mutation("fillHouseholdForm", "form { form }", func(_ *world, p *spot) map[string]any {
		return map[string]any{"household": p.household, "form": 1, "answers": []any{map[string]any{"key": "party", "answer": "1"}}}
	}),
}

// selections are those of rows that roles alone decide, where something planted would show.
var selections = map[string]string{
	"Query.accounts": "nodes { login }",
	"Query.audit":    "nodes { action }",
	"Query.workers":  "nodes { worker { name } }",
}

// ofAccounts are the rows about an account: the input that names another's, and one's own.
var ofAccounts = map[string]func(id string) map[string]any{
	"Mutation.endSessions":       func(id string) map[string]any { return map[string]any{"id": id} },
	"Mutation.changePassword":    func(string) map[string]any { return map[string]any{"oldPassword": "-", "password": "-"} },
	"Mutation.createAccessToken": func(string) map[string]any { return map[string]any{"name": "x", "expiresAt": "2020-01-01T00:00:00Z"} },
	"Mutation.revokeAccessToken": func(string) map[string]any { return map[string]any{"id": uuid.NewString()} },
}

// A planted value is not for everybody.
type planted struct {
	value string
	mayBe func(account.Actor) bool
}

func (w *world) planted() (out []planted) {
	within := func(p *spot, r account.Right) func(account.Actor) bool {
		return func(a account.Actor) bool {
			if a.Role == account.Operator {
				return r == account.Households
			}
			return a.Role == account.Staff && a.Scope != nil && a.Scope.Of(r).Holds(p.area)
		}
	}
	operator := func(a account.Actor) bool { return a.Role == account.Operator }
	for _, p := range w.spots {
		out = append(out, planted{p.room, within(p, account.Households)})
		for _, value := range []string{p.name, p.number, p.phone, p.resident, p.residency} {
			out = append(out, planted{value, within(p, account.Residents)})
		}
		out = append(out, planted{p.special, within(p, account.Restricted)}, planted{p.credit, operator}, planted{p.ref, operator})
	}
	out = append(out, planted{plantedAct, func(a account.Actor) bool { return a.Role == account.Auditor }})
	return append(out, planted{w.left, operator}, planted{w.secretly, func(a account.Actor) bool { return a.Role == account.Security }})
}

// scan looks in an answer for what is not for who asked; what they sent themselves is told nobody.
func scan(t *testing.T, who string, actor account.Actor, values []planted, sent any, raw []byte) (leaks int) {
	t.Helper()
	said, _ := json.Marshal(sent)
	for _, v := range values {
		if !v.mayBe(actor) && strings.Contains(string(raw), v.value) && !strings.Contains(string(said), v.value) {
			leaks++
			t.Errorf("%s is told %s: %.300s", who, v.value, raw)
		}
	}
	return leaks
}

// variables are those of a probe at a spot.
func (w *world) variables(query string, p *spot, in func(*world, *spot) map[string]any) map[string]any {
	v := map[string]any{}
	for name, value := range map[string]string{"household": p.household, "building": p.building, "grid": p.grid, "ref": p.ref, "division": p.community} {
		if strings.Contains(query, "$"+name+":") {
			v[name] = value
		}
	}
	if in != nil {
		v["in"] = in(w, p)
	}
	return v
}

// walk asks all that there is, as everybody, before, during and after the cover. Of a row without a probe spot is nil.
func (w *world) walk(rows []string, judge func(row, column, when string, who *asker, actor account.Actor, p *spot, n int, variables any, got answer)) {
	for phase, at := range phases {
		w.clock = at
		for _, a := range w.askers {
			w.clock = w.clock.Add(time.Minute) // a code of a second factor is good once
			actor := w.actor(a)
			for _, row := range rows {
				column, when := a.columns[phase], phaseNames[phase]
				if pr, ok := probes[row]; ok {
					for n, p := range w.spots {
						v := w.variables(pr.query, p, pr.in)
						judge(row, column, when, a, actor, p, n, v, w.ask(w.t, actor, pr.query, v))
					}
					continue
				}
				root, name, _ := strings.Cut(row, ".")
				of := map[string]*ast.Definition{"Query": w.schema.Query, "Mutation": w.schema.Mutation, "Subscription": w.schema.Subscription}[root]
				if of == nil || of.Fields.ForName(name) == nil || root == "Subscription" {
					continue
				}
				query, v := callOf(w.schema, of, of.Fields.ForName(name))
				if below := selections[row]; below != "" {
					query = strings.TrimSuffix(query, "{ __typename } }") + "{ " + below + " } }"
				}
				if in := ofAccounts[row]; in != nil {
					v["input"] = in(a.account)
				}
				judge(row, column, when, a, actor, nil, 0, v, w.ask(w.t, actor, query, v))
			}
		}
	}
}

// TestWhoMayWhat: docs/who-may-what.md is what is so.
func TestWhoMayWhat(t *testing.T) {
	rows, cells := matrix(t)
	w := newWorld(t)
	for _, root := range []*ast.Definition{w.schema.Query, w.schema.Mutation, w.schema.Subscription} {
		for _, f := range root.Fields {
			if !strings.HasPrefix(f.Name, "__") && cells[root.Name+"."+f.Name] == nil {
				t.Errorf("docs/who-may-what.md has no row %s.%s", root.Name, f.Name)
			}
		}
	}
	for _, row := range rows {
		root, name, _ := strings.Cut(row, ".")
		if of := w.schema.Types[root]; of == nil || of.Fields.ForName(name) == nil {
			if _, ok := probes[row]; !ok {
				t.Errorf("there is nothing that row %s is about", row)
			}
		}
	}
	values := w.planted()
	cases, refused, leaks := 0, 0, 0
	w.walk(rows, func(row, column, when string, who *asker, actor account.Actor, p *spot, n int, variables any, got answer) {
		cases++
		name := fmt.Sprintf("%s as %s (%s) %s at %d", row, column, who.name, when, n)
		leaks += scan(t, name, actor, values, variables, got.Raw)
		cell, may := cells[row][column], false
		switch cell {
		case "all", "self":
			may = true
		case "own":
			may = slices.Contains(who.own, n)
			if p == nil {
				t.Errorf("%s: no probe knows what is its own", name)
			}
		case "no":
		default:
			t.Fatalf("%s: a cell says %q", name, cell)
		}
		told := got.code() != "FORBIDDEN"
		if p != nil {
			told = told && got.code() != "NOT_FOUND"
			if of := probes[row].told; of != nil {
				told = told && of(p, string(got.Raw))
			}
		}
		if !told {
			refused++
		}
		if told != may {
			t.Errorf("%s: answered %v, want %v: %.300s", name, told, may, got.Raw)
		}
		if got.code() == "INTERNAL" || strings.Contains(string(got.Raw), "GRAPHQL_") {
			t.Errorf("%s: %s", name, got.Raw)
		}
	})
	t.Logf("%d cases of %d rows, %d people, %d places, %d planted values in each answer: %d refused, %d leaks", cases, len(rows), len(w.askers), len(w.spots), len(values), refused, leaks)
	if cases < 5000 || refused < cases/4 {
		t.Error("too few to tell")
	}
}

func date(s string) civil.Date { return must(civil.Parse(s)) }
