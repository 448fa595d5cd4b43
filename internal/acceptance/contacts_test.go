package acceptance

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"wangge/domain/place"
	"wangge/load"
)

// TestContactsComeWithDivisions: a list says whom to call, what it does not say stays, and what is exported comes back.
func TestContactsComeWithDivisions(t *testing.T) {
	w := newTown(t)
	bring := func(list string) place.Report {
		t.Helper()
		return w.bring(t, load.Job{Kind: load.Divisions, Path: file(t, "d.csv", list)})
	}
	own := func(code string) place.Contacts {
		t.Helper()
		d, err := w.Places.ByCode(t.Context(), operator, code, place.Fields{})
		if err != nil {
			t.Fatal(err)
		}
		return d.Contacts
	}
	const head = "code,name,level,supervision_phone,station_name,station_address,station_hours,station_hours_en,station_phone\n"
	bring(head + "9901,澜州市,CITY,,,,,,\n990102,汀兰区,DISTRICT,0555-100,,,,,\n990102001,望舒街道,TOWN,,望舒中心,望舒路88号,周一至周五,Mon–Fri,0555-101\n")
	center := place.Contacts{Station: &place.Station{Name: "望舒中心", Address: "望舒路88号", Hours: "周一至周五", HoursEnglish: "Mon–Fri", Phone: "0555-101"}}
	if got := own("990102001"); !reflect.DeepEqual(got, center) {
		t.Fatalf("the town's: %+v %+v", got, got.Station)
	}
	bring(head + "990102001,望舒街道,TOWN,0555-102,,,,,\n")
	center.SupervisionPhone = "0555-102"
	if got := own("990102001"); !reflect.DeepEqual(got, center) {
		t.Errorf("with another number: %+v %+v", got, got.Station)
	}
	bring(head + "990102001,望舒街道,TOWN,,望舒中心,,,,0555-103\n")
	center.Station.Phone = "0555-103"
	if got := own("990102001"); !reflect.DeepEqual(got, center) {
		t.Errorf("the same station with another number: %+v %+v", got, got.Station)
	}
	path := file(t, "out.geojson", "")
	if _, err := load.ExportFile(t.Context(), operator, w.Services, load.ExportJob{Kind: load.Divisions, Path: path}); err != nil {
		t.Fatal(err)
	}
	bring(head + "990102001,望舒街道,TOWN,,新中心,,,,\n")
	if got, want := own("990102001"), (place.Contacts{SupervisionPhone: "0555-102", Station: &place.Station{Name: "新中心"}}); !reflect.DeepEqual(got, want) {
		t.Errorf("another station: %+v %+v", got, got.Station)
	}
	w.mustBring(t, load.Job{Kind: load.Divisions, Path: path})
	if got := own("990102001"); !reflect.DeepEqual(got, center) {
		t.Errorf("what was exported comes back as %+v %+v", got, got.Station)
	}
	report := bring(head + "990102001,望舒街道,TOWN,call,,,,,\n990102002,听风街道,TOWN,,,无名路1号,,,\n990102003,听雪街道,TOWN,,站,,,,12\n")
	var fields []string
	for _, n := range report.Notes {
		fields = append(fields, n.Code+" "+n.Field)
	}
	if want := []string{"990102001 supervision_phone", "990102002 station_name", "990102003 station_phone"}; report.Refused != 3 || !slices.Equal(fields, want) {
		t.Errorf("refused %d: %s", report.Refused, strings.Join(fields, ", "))
	}
}
