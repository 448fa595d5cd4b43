package graph_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"wangge/domain/account"
	"wangge/internal/testdb"
)

// TestInformants: the check of a grid follows who is in office, the households that the operator is told of, and the policy in
// force; the public is told nothing that households follow from.
func TestInformants(t *testing.T) {
	pool := testdb.New(t)
	s := serve(t, town(t, pool), t.Output())
	op := account.TheOperator()
	fifth := gridCode(c1, 5)
	type check struct {
		Count                                          int
		Min, Max, HouseholdsEachMin, HouseholdsEachMax *int
		HouseholdsEach                                 *float64
		OK                                             *bool
	}
	ask := func(actor account.Actor) (c check, households *int) {
		t.Helper()
		var data struct {
			Grid struct {
				Stats      struct{ Households *int }
				Informants check
			}
		}
		a := s.ask(t, actor, `query ($c: ID!) { grid(code: $c) { stats { households } informants { count min max householdsEach householdsEachMin householdsEachMax ok } } }`, map[string]any{"c": fifth})
		if err := json.Unmarshal(a.Data, &data); err != nil || a.Errors != nil {
			t.Fatalf("answered %s", a.Raw)
		}
		return data.Grid.Informants, data.Grid.Stats.Households
	}
	appoint := func(n int) {
		t.Helper()
		if _, err := pool.Exec(t.Context(), `WITH w AS (INSERT INTO worker (district, id, name)
			SELECT g.district, gen_random_uuid(), '信息员' FROM grid g, generate_series(1, $2) WHERE g.code = $1 RETURNING district, id)
			INSERT INTO assignment (district, id, worker_id, post, cover, during, grid_id) SELECT w.district, gen_random_uuid(), w.id, 'INFORMANT', 'A', '[2026-01-01,)', g.id
			FROM w JOIN grid g ON g.district = w.district WHERE g.code = $1`, fifth, n); err != nil {
			t.Fatal(err)
		}
	}
	say := func(b *bool) string {
		if b == nil {
			return "unknown"
		}
		return fmt.Sprint(*b)
	}
	appoint(5)
	if c, _ := ask(account.Anyone()); c.Count != 5 || *c.Min != 6 || *c.Max != 8 || *c.HouseholdsEachMin != 50 || *c.HouseholdsEachMax != 100 || say(c.OK) != "false" {
		t.Errorf("five informants: %+v", c)
	}
	appoint(1)
	if c, _ := ask(account.Anyone()); c.Count != 6 || c.HouseholdsEach != nil || say(c.OK) != "unknown" {
		t.Errorf("the public is told %+v, %s", c, say(c.OK))
	}
	c, households := ask(op)
	if (households == nil) != (c.HouseholdsEach == nil) || households != nil && (*c.HouseholdsEach != float64(*households)/6 || say(c.OK) != "false") {
		t.Errorf("of %v households each has %v: %s", households, c.HouseholdsEach, say(c.OK))
	}
	// Another policy, set for the community: one to seven informants with any number of households.
	a := s.ask(t, op, `mutation ($in: SetSizePolicyInput!) { setSizePolicy(input: $in) { division { sizePolicy { informantsMin householdsPerInformantMin householdsPerInformantMax } } } }`,
		map[string]any{"in": map[string]any{"division": c1, "version": 0, "informantsMin": 1, "informantsMax": 7, "householdsPerInformantMin": 0}})
	if a.Errors != nil {
		t.Fatalf("answered %s", a.Raw)
	}
	if c, households := ask(op); *c.Min != 1 || *c.Max != 7 || *c.HouseholdsEachMin != 0 || c.HouseholdsEachMax != nil || households != nil && say(c.OK) != "true" {
		t.Errorf("with a policy of its own: %+v, %s", c, say(c.OK))
	}
}
