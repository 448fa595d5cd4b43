package place

import (
	"testing"

	"wangge/internal/fault"
)

func TestInstead(t *testing.T) {
	all := Contacts{SupervisionPhone: "0355-12", Station: &Station{Name: "听雨社区党群服务站", Phone: "0355-11"},
		Night: []NightNumber{{Phone: "962121", Name: "物业热线", NameEnglish: "Property line"}}}
	closed, nobody := all, all
	closed.Station = &Station{Name: "听雨社区党群服务站", Phone: "无"}
	nobody.Station, nobody.SupervisionPhone = nil, ""
	for _, c := range []struct {
		name    string
		in      Contacts
		lang    fault.Language
		answers Answers
	}{
		{"the station first", all, fault.English, Answers{ServiceStation, "听雨社区党群服务站", "0355-11"}},
		{"a station that cannot be dialled", closed, fault.Chinese, Answers{Supervision, "监督电话", "0355-12"}},
		{"who takes complaints, in English", closed, fault.English, Answers{Supervision, "Complaints", "0355-12"}},
		{"the night number", nobody, fault.Chinese, Answers{Hotline, "物业热线", "962121"}},
		{"the night number, in English", nobody, fault.English, Answers{Hotline, "Property line", "962121"}},
		{"nothing is known", Contacts{}, fault.Chinese, Answers{Hotline, "政务服务热线", "12345"}},
	} {
		if got := c.in.Instead(c.lang); got != c.answers {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

func TestWhatIsNotWrittenInEnglishIsSaidInChinese(t *testing.T) {
	n, s := NightNumber{Name: "物业热线"}, Station{Hours: "全天"}
	if n.Text(fault.English) != "物业热线" || s.Opens(fault.English) != "全天" {
		t.Errorf("%q, %q", n.Text(fault.English), s.Opens(fault.English))
	}
	s.HoursEnglish = "All day"
	if s.Opens(fault.English) != "All day" || s.Opens(fault.Chinese) != "全天" {
		t.Errorf("%q, %q", s.Opens(fault.English), s.Opens(fault.Chinese))
	}
}
