package signboard

import (
	"testing"

	"github.com/paulmach/orb"

	"wangge/domain/around"
	"wangge/signboard/chart"
)

// TestGroundOnBoards: boards colour land as the map on the screen does, which goes by around.Classes; homes keep their name alone, and a tunnel is no street.
func TestGroundOnBoards(t *testing.T) {
	for of, want := range map[around.Ground]chart.Ground{around.Water: chart.Water, around.Green: chart.Green, around.Paved: chart.Paved} {
		for _, class := range around.Classes(of) {
			if got := groundOf(class); got != want {
				t.Errorf("%s is drawn as %v, want %v", class, got, want)
			}
		}
	}
	line := orb.MultiLineString{{{121.5, 31.2}, {121.6, 31.2}}}
	scene := sceneOf(around.Surroundings{Land: []around.Land{{Name: "听雨新村", Class: "residential"}},
		Streets: []around.Street{{Name: "大连路隧道", Class: "primary", Lines: line}, {Name: "大连路", Class: "primary", Lines: line}}}, "", false)
	if len(scene.Land) != 1 || scene.Land[0].Ground != chart.Plain || scene.Land[0].Name != "听雨新村" {
		t.Errorf("homes are drawn as %+v", scene.Land)
	}
	if len(scene.Streets) != 1 || scene.Streets[0].Name != "大连路" {
		t.Errorf("streets: %+v", scene.Streets)
	}
}
