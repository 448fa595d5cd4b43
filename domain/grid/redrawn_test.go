package grid

import (
	"testing"

	"wangge/domain/key"
	"wangge/domain/place"
)

// TestAGridThatChangesGroupIsCaptionedAnew: also where the other group has the same name, for who leads it may be called.
func TestAGridThatChangesGroupIsCaptionedAnew(t *testing.T) {
	groups := []Group{{Key: key.Key{Home: "home", ID: id('u', 1)}, Name: "第一组"}, {Key: key.Key{Home: "home", ID: id('u', 2)}, Name: "第一组"}}
	community := func(group int) Community {
		one, other := version(1, 1, "a", box(0, 0, 1, 1), 0, nil), version(2, 1, "b", box(1, 0, 2, 1), 0, nil)
		one.Grid.BBox, other.Grid.BBox = place.Box{West: 121, South: 31, East: 121.001, North: 31.001}, place.Box{West: 121.001, South: 31, East: 121.002, North: 31.001}
		if group > 0 {
			one.Grid.GroupID = &groups[group-1].Key.ID
		}
		return Community{ID: id('c', 1), Versions: []Version{one, other}, Groups: groups}
	}
	was := ground(t, 0, []Community{community(1)})
	for _, test := range []struct{ group, want int }{{1, 0}, {2, 1}, {0, 1}} {
		is, err := was.With(hours(0), []Community{community(test.group)})
		if err != nil {
			t.Fatal(err)
		}
		got := is.Redrawn(was)
		if len(got.Captions) != test.want || len(got.Shapes)+len(got.Labels) > 0 {
			t.Errorf("to group %d: %+v", test.group, got)
		}
	}
}
