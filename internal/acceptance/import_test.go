package acceptance

import (
	"strings"
	"testing"

	"wangge/domain/place"
	"wangge/load"
)

func TestRealFiles(t *testing.T) {
	w := newTown(t)
	community := file(t, "communities.geojson", `{"type": "FeatureCollection", "features": [
		{"type": "Feature", "properties": {"code": "31201", "name": "鳥取市", "level": "COMMUNITY"}, "geometry": null},
		{"type": "Feature", "properties": {"code": "MC", "name": "Monaco", "level": "COMMUNITY"}, "geometry": null}]}`)
	for _, c := range []struct {
		job         load.Job
		read, added int
	}{
		{load.Job{Kind: load.Buildings, Path: data(t, "osm-haidian/beijing-haidian-pku-tsinghua-2017-06.osm")}, 521, 521},
		{load.Job{Kind: load.Roads, Path: data(t, "osm-haidian/beijing-haidian-pku-tsinghua-2017-06.osm")}, 678, 678},
		{load.Job{Kind: load.Divisions, Path: data(t, "osm-lujiazui/lujiazui-divisions.geojson")}, 5, 5},
		{load.Job{Kind: load.Grids, Path: data(t, "osm-lujiazui/lujiazui-grids.geojson")}, 20, 20},
		{load.Job{Kind: load.Buildings, Path: data(t, "osm-lujiazui/lujiazui-buildings.geojson")}, 1450, 1450},
		{load.Job{Kind: load.Roads, Path: data(t, "osm-lujiazui/lujiazui-roads.geojson")}, 1094, 1094},
		{load.Job{Kind: load.Land, Path: data(t, "osm-lujiazui/lujiazui-water.geojson")}, 0, 0},
		{load.Job{Kind: load.Divisions, Path: community}, 2, 2},
		{load.Job{Kind: load.Grids, Path: data(t, "tottori-chome/tottori-city-chome.geojson"), Division: "31201",
			Fields: map[string]string{"code": "KEY_CODE", "name": "MOJI"}}, 676, 666},
		{load.Job{Kind: load.Grids, Path: data(t, "osm-monaco/monaco-admin.geojson"), Division: "MC",
			Fields: map[string]string{"code": "osm_id"}}, 6, 6},
		{load.Job{Kind: load.Roads, Path: data(t, "osm-monaco/monaco-2021-04-21.osm.pbf")}, 2361, 2361},
		{load.Job{Kind: load.Buildings, Path: data(t, "osm-monaco/monaco-2021-04-21.osm.pbf"), Repair: true}, 1207, 1207},
	} {
		name := string(c.job.Kind) + " " + c.job.Path[strings.LastIndex(c.job.Path, "/")+1:]
		t.Run(name, func(t *testing.T) {
			report := w.mustBring(t, c.job)
			if c.read > 0 && (report.Read != c.read || report.Added != c.added || report.Updated != 0) {
				t.Errorf("%d read, %d added, %d updated; want %d, %d, 0", report.Read, report.Added, report.Updated, c.read, c.added)
			}
			again := w.mustBring(t, c.job)
			if again.Added != 0 || again.Updated != report.Added {
				t.Errorf("again: %d added, %d updated; want 0, %d", again.Added, again.Updated, report.Added)
			}
		})
	}
}

func TestMonacosInvalidBuildingIsNamed(t *testing.T) {
	w := newTown(t)
	report := w.bring(t, load.Job{Kind: load.Buildings, Path: data(t, "osm-monaco/monaco-2021-04-21.osm.pbf")})
	if report.Refused != 1 || report.Added != 0 {
		t.Fatalf("%d refused, %d added; want 1, 0", report.Refused, report.Added)
	}
	for _, n := range report.Notes {
		if n.Kind == place.Refused && (!strings.HasPrefix(n.Source, "relation ") || n.Lng == nil || n.Reason == "") {
			t.Errorf("refused %q at %v: %q", n.Source, n.Lng, n.Reason)
		}
		t.Log(n.Kind, n.Source, n.Code, n.Reason)
	}
}
