package place

import (
	"reflect"
	"strings"
	"testing"

	"wangge/internal/fault"
)

func TestInForceInheritsWhatIsNotSaid(t *testing.T) {
	town, community := &Station{Name: "街道中心", Address: "甲路1号", Phone: "15400000001"}, &Station{Name: "社区站"}
	night := []NightNumber{{Phone: "15400000009", Name: "值班室"}}
	for _, c := range []struct {
		name string
		line []Contacts
		want Contacts
	}{
		{"nobody says anything", []Contacts{{}, {}}, Contacts{Night: usualNight}},
		{"the nearest that says it", []Contacts{{SupervisionPhone: "111"}, {SupervisionPhone: "222", Night: night}, {}},
			Contacts{SupervisionPhone: "222", Night: night}},
		{"each by itself", []Contacts{{SupervisionPhone: "111", Station: town}, {Night: night}}, Contacts{"111", town, night}},
		{"a station is inherited whole or not at all", []Contacts{{Station: town}, {Station: community}}, Contacts{Station: community, Night: usualNight}},
	} {
		if got := InForce(c.line); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
	if len(usualNight) != 4 || usualNight[0].Phone != "12345" || usualNight[3].Phone != "120" {
		t.Error(usualNight)
	}
}

func TestCheckContacts(t *testing.T) {
	got, err := CheckContacts(Contacts{" 110 ", &Station{Name: " 站 ", Hours: "周一至周五 "}, []NightNumber{{" 120", " 急救", ""}}})
	if want := (Contacts{"110", &Station{Name: "站", Hours: "周一至周五"}, []NightNumber{{"120", "急救", ""}}}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := CheckContacts(Contacts{}); err != nil || !reflect.DeepEqual(got, Contacts{}) {
		t.Errorf("nothing is %+v, %v", got, err)
	}
	for _, c := range []struct {
		name  string
		in    Contacts
		field string
	}{
		{"letters in a number", Contacts{SupervisionPhone: "call me"}, "supervisionPhone"},
		{"a station without a name", Contacts{Station: &Station{Phone: "110"}}, "serviceStation.name"},
		{"two lines", Contacts{Station: &Station{Name: "站", Hours: "早\n晚"}}, "serviceStation.hours"},
		{"a separator of lines", Contacts{Station: &Station{Name: "站", Address: "a\u2028b"}}, "serviceStation.address"},
		{"no UTF-8", Contacts{Station: &Station{Name: "站", HoursEnglish: "\xff"}}, "serviceStation.hoursEnglish"},
		{"too long", Contacts{Station: &Station{Name: strings.Repeat("站", 201)}}, "serviceStation.name"},
		{"a station's number", Contacts{Station: &Station{Name: "站", Phone: "12"}}, "serviceStation.phone"},
		{"a list of no numbers", Contacts{Night: []NightNumber{}}, "nightNumbers"},
		{"too many numbers", Contacts{Night: make([]NightNumber, 9)}, "nightNumbers"},
		{"no number", Contacts{Night: []NightNumber{{"110", "报警", ""}, {"", "空", ""}}}, "nightNumbers.1.phone"},
		{"a number without a name", Contacts{Night: []NightNumber{{"110", " ", ""}}}, "nightNumbers.0.name"},
	} {
		if _, err := CheckContacts(c.in); !fault.Is(err, fault.Invalid) || fault.As(err).Field != c.field {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
