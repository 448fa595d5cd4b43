package acceptance

import (
	"fmt"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the clock changes below are there on every machine

	"wangge/domain/account"
	"wangge/domain/civil"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/domain/staff"
	"wangge/internal/fault"
	"wangge/load"
)

// asOf is what is known of a grid at an instant, in a line: its buildings, how many its stats count, and its worker; "none"
// where it was none then.
func (w *town) asOf(t *testing.T, code string, at time.Time) string {
	t.Helper()
	g, err := w.Grids.ByCode(t.Context(), account.Anyone(), code, &at, grid.Fields{})
	if fault.Is(err, fault.NotFound) {
		return "none"
	}
	if err != nil {
		t.Fatal(err)
	}
	stats, err := w.Places.GridStats(t.Context(), account.Anyone(), []key.Key{g.Key}, &at)
	if err != nil {
		t.Fatal(err)
	}
	workers, err := w.Staff.OnCall(t.Context(), account.Anyone(), []staff.GridRef{{Key: g.Key, GroupID: g.GroupID}}, &at)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s: %d; %s", w.buildingsOf(t, code, at), stats[g.Key.ID].Buildings, workers[g.Key.ID].Worker.Name)
}

// office appoints somebody new for a grid.
func (w *town) office(t *testing.T, name string, cover staff.Cover, code string, from civil.Date, until *civil.Date) staff.Worker {
	t.Helper()
	worker, err := w.Staff.Add(t.Context(), operator, staff.NewWorker{Name: name}, staff.AreaGrid, code)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Staff.Appoint(t.Context(), operator, staff.Appointment{Worker: worker.Key, Post: staff.GridWorker, Cover: cover,
		AreaKind: staff.AreaGrid, AreaName: code, From: &from, Until: until})
	if err != nil {
		t.Fatal(err)
	}
	return worker
}

// TestAGridAsOfBeforeAndAfter: a redraw, a placement by hand, a change of codes; each leaves what was before it as it was.
func TestAGridAsOfBeforeAndAfter(t *testing.T) {
	w := village(t)
	first, second := riverside+"001", riverside+"002"
	type moment struct {
		name          string
		at            time.Time
		first, second string
	}
	var past []moment
	look := func(name, wantFirst, wantSecond string) {
		past = append(past, moment{name, time.Now(), wantFirst, wantSecond})
	}
	born := time.Now().Add(-time.Hour)
	look("at first", "b1: 1; ", "b2 b3: 2; 王芳")

	w.give(t, load.Grids, feature(`"code":"990101001001002","name":"二"`, box(15, 0, 20, 10)), feature(`"code":"990101001001001","name":"一"`, box(0, 0, 15, 10)))
	look("after a redraw", "b1 b2: 2; ", "b3: 1; 王芳")

	if _, err := w.Places.PlaceBuilding(t.Context(), operator, w.building(t, "b1"), &second); err != nil {
		t.Fatal(err)
	}
	look("after a placement by hand", "b2: 1; ", "b1 b3: 2; 王芳")

	d, err := w.Places.ByCode(t.Context(), operator, riverside, place.Fields{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Places.Renumber(t.Context(), operator, place.Renumbering{Code: riverside, NewCode: "990103001009", Version: d.Version}); err != nil {
		t.Fatal(err)
	}
	look("after the change of codes", "b2: 1; ", "b1 b3: 2; 王芳")

	if _, err := w.Places.PlaceBuilding(t.Context(), operator, w.building(t, "b1"), nil); err != nil {
		t.Fatal(err)
	}
	look("back where its ground says", "b1 b2: 2; ", "b3: 1; 王芳")

	for _, m := range past {
		for _, c := range []struct{ code, want string }{{first, m.first}, {second, m.second},
			{strings.Replace(first, riverside, "990103001009", 1), m.first}, {strings.Replace(second, riverside, "990103001009", 1), m.second}} {
			if got := w.asOf(t, c.code, m.at); got != c.want {
				t.Errorf("%s %s has %q, want %q", m.name, c.code, got, c.want)
			}
		}
	}
	if got := w.asOf(t, first, born); got != "none" {
		t.Errorf("before it was drawn the first grid has %q", got)
	}
}

// TestTheWorkerChangesAtMidnight: an assignment from a day begins, and an absence begins and ends, when that day does where the
// town lies, also on the days that its clocks change. The instants are written in UTC, so that no code of ours made them.
func TestTheWorkerChangesAtMidnight(t *testing.T) {
	w := village(t)
	w.exec(t, "UPDATE grid_boundary SET during = tstzrange('1980-01-01', NULL)")
	code := riverside + "001"
	instant := func(s string) time.Time {
		t.Helper()
		at, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for _, c := range []struct{ name, zone, day, begins, ends string }{
		{"an ordinary day", "Asia/Shanghai", "2026-05-01", "2026-04-30T16:00:00Z", "2026-05-01T16:00:00Z"},
		{"summer time ends in China: 25 hours", "Asia/Shanghai", "1991-09-15", "1991-09-14T15:00:00Z", "1991-09-15T16:00:00Z"},
		{"summer time begins: 23 hours", "Europe/Paris", "2026-03-29", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"},
		{"summer time ends: 25 hours", "Europe/Monaco", "2026-10-25", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"},
		{"midnight itself is left out", "Africa/Cairo", "2026-04-24", "2026-04-23T22:00:00Z", "2026-04-24T21:00:00Z"},
		{"its last hour comes twice", "Africa/Cairo", "2026-10-29", "2026-10-28T21:00:00Z", "2026-10-29T22:00:00Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.exec(t, "DELETE FROM absence")
			w.exec(t, "DELETE FROM assignment")
			zone, err := time.LoadLocation(c.zone)
			if err != nil {
				t.Fatal(err)
			}
			w.Staff.Zone = zone
			day, err := civil.Parse(c.day)
			if err != nil {
				t.Fatal(err)
			}
			next := day.AddDays(1)
			w.office(t, "昨", staff.CoverA, code, day.AddDays(-30), &day)
			today := w.office(t, "今", staff.CoverA, code, day, nil)
			w.office(t, "替", staff.CoverB, code, day.AddDays(-30), nil)
			begins, ends := instant(c.begins), instant(c.ends)
			check := func(when string, at time.Time, want string) {
				t.Helper()
				if got := w.asOf(t, code, at); !strings.HasSuffix(got, "; "+want) {
					t.Errorf("%s (%v) it has %q, want %s", when, at.In(zone), got, want)
				}
			}
			check("a second before the day", begins.Add(-time.Second), "昨")
			check("a nanosecond before the day", begins.Add(-1), "昨")
			check("as the day begins", begins, "今")
			check("in the night of the clock", begins.Add(2*time.Hour), "今")
			check("at its end", ends.Add(-1), "今")
			if _, err := w.Staff.RecordAbsence(t.Context(), operator, today.Key, day, next); err != nil {
				t.Fatal(err)
			}
			check("away: before the day", begins.Add(-1), "昨")
			check("away: as the day begins", begins, "替")
			check("away: at its end", ends.Add(-1), "替")
			check("back as the next day begins", ends, "今")

			// The services' own clock is asked the same way.
			for at, want := range map[time.Time]string{begins.Add(-1): "昨", begins: "替", ends: "今"} {
				w.Staff.Now = func() time.Time { return at }
				g := w.gridOf(t, code)
				workers, err := w.Staff.OnCall(t.Context(), account.Anyone(), []staff.GridRef{{Key: g.Key}}, nil)
				if err != nil || workers[g.Key.ID].Worker.Name != want {
					t.Errorf("at %v on call is %q, want %s (%v)", at, workers[g.Key.ID].Worker.Name, want, err)
				}
			}
		})
	}
}
