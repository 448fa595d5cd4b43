package graph_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"wangge/domain/account"
	"wangge/graph"
	"wangge/internal/testdb"
)

// TestListsOfPointsAreWhatTheyAre holds the answers to lists of points, however they are written, right and wrong ones, against those
// of gqlgen's executor, which takes them decoded.
func TestListsOfPointsAreWhatTheyAre(t *testing.T) {
	r := town(t, testdb.New(t))
	ours, judged := serve(t, r, t.Output()), server{must(graph.Judged(r, graph.Options{Log: logger(t, t.Output())}))}
	random := rand.New(rand.NewPCG(5, 8))
	one := func(list ...string) string { return list[random.IntN(len(list))] }
	mostly := func(right string) string {
		if random.IntN(60) > 0 {
			return right
		}
		return one(`null`, `1`, `-0`, `1e400`, `1e-400`, `"x"`, `"1.5"`, `true`, `{}`, `{"a": [1, "}"]}`, `[]`, `[null]`, `"WGS\u00384"`, `"wgs84"`, `"\ud800"`, "\"\xff\"", `01`, `1,`, ``)
	}
	name := func(n string) string {
		if random.IntN(60) > 0 {
			return n
		}
		return `l\u006eg`
	}
	point := func() string {
		fields := []string{name("lng") + `": ` + mostly(one("120.1005", "1.201015e2", "120.2", " 120.1025\n")), name("lat") + `":` + mostly("31.2005"), name("crs") + `": ` + mostly(one(`"WGS84"`, `"GCJ02"`, `"CGCS2000"`))}
		if random.IntN(5) == 0 {
			fields = append(fields, one(`accuracyM": `+mostly("5"), `accuracyM": null`, `address": `+one(`"晴川路3号"`, `""`, `null`, `"a\u0000"`, `"\"晴川路3号\""`, "\" \t\"", `"，"`, `1`), `lng": 120.1035`, `nothing": 1`))
		}
		random.Shuffle(len(fields), func(i, j int) { fields[i], fields[j] = fields[j], fields[i] })
		return mostly(`{"` + strings.Join(fields[random.IntN(40)/39:], `, "`) + "}")
	}
	const asked = `rule needsConfirmation boundaryDistanceM grid { code } candidates { grid { code } }`
	queries := []string{`query ($list: [PointInput!]!) { gridsAt(points: $list) { rule grid { code worker { name } } } }`, `query ($list: [PointInput!]!) { gridsAt(points: $list) { ` + asked + ` } }`,
		`query ($list: [PointInput!]! = [{lng: 120.1005, lat: 31.2005, crs: WGS84}], $p: PointInput) { gridsAt(points: $list) { rule } again: gridsAt(points: $list) { ` + asked + ` } gridAt(point: $p) { rule } }`,
		`query ($p: PointInput!, $list: [PointInput!]!) { gridsAt(points: [$p, $p]) { rule } b: gridsAt(points: $list) { rule } }`,
		`query ($list: [PointInput!]!, $b: Boolean = false) { gridsAt(points: $list) { rule grid @skip(if: $b) { code } } }`}
	right, wrong := 0, 0
	for range 3000 {
		list := make([]string, random.IntN(6))
		for i := range list {
			list[i] = point()
		}
		members := []string{`"list": ` + mostly("["+strings.Join(list, one(",", " ,\n"))+"]"), `"p": ` + point(), one(`"more": `+mostly(`{"x": [1]}`), `"list": [`+point()+`]`)}
		query, _ := json.Marshal(one(queries...))
		body := fmt.Sprintf(`%s{"query": %s, "variables": %s}%s`, one("", " \n"), query, mostly("{"+strings.Join(members[:1+random.IntN(3)], ", ")+"}"), one("", " ", "\n", "\n", "\n", "\n", "}"))
		got, want := ours.send(t, account.Anyone(), "", []byte(body)), judged.send(t, account.Anyone(), "", []byte(body))
		if got.Status != want.Status || string(got.Raw) != string(want.Raw) {
			t.Fatalf("%s\nis answered\n%d %s, want\n%d %s", body, got.Status, got.Raw, want.Status, want.Raw)
		}
		if len(got.Errors) == 0 {
			right++
		} else {
			wrong++
		}
	}
	if right < 500 || wrong < 500 {
		t.Errorf("%d were right and %d wrong", right, wrong)
	}
}
