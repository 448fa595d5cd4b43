package web

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/width"

	"wangge/internal/answer"
	"wangge/internal/fault"
)

// What a page says instead of a sentence written for programs: the words of the form, and no numbers of the service's.
var _ = fault.Register(
	[3]string{"page.lost", "There is no page at this address.", "没有这个网页，请检查网址。"},
	[3]string{"page.method", "This address can only be read.", "这个网址只能读取。"},
	[3]string{"page.outside", "The place you chose is outside the area of this service. Please tap your home on the map.",
		"您选的位置不在本站的服务范围内，请点地图上您的家。"},
	[3]string{"page.outsideSwapped", "This place is outside the area of this service. Longitude and latitude look swapped.",
		"这个位置不在本站的服务范围内，经度和纬度好像写反了。"},
	[3]string{"page.range", "{axis} must lie between -{limit} and {limit}.", "{axis}应在 -{limit} 到 {limit} 之间。"},
	[3]string{"page.swapped", "{axis} must lie between -{limit} and {limit}. Longitude and latitude look swapped.",
		"{axis}应在 -{limit} 到 {limit} 之间，经度和纬度好像写反了。"},
	[3]string{"page.missing", "{field} is missing.", "请填写{field}。"},
	[3]string{"page.twice", "{field} is given more than once.", "{field}填写了多次。"},
	[3]string{"page.number", "{field} must be a number.", "{field}应为数字。"},
	[3]string{"page.accuracy", "Accuracy must be between 0 and 1,000,000 metres.", "精度应为 0 到 1000000 之间的米数。"},
	[3]string{"page.crs", "Please choose the coordinate system.", "请选择坐标系。"},
	[3]string{"page.away", "This cannot be looked up at the moment. Please try again in a few minutes.", "这一项暂时查不到，请过几分钟再试。"},
	[3]string{"page.form", "The form cannot be read.", "无法读取表单。"},
	[3]string{"page.again", "The two passwords differ.", "两次输入的新密码不一致。"},
	[3]string{"page.noGrid", "There is no grid “{code}”.", "没有网格“{code}”。"},
	[3]string{"page.noDivision", "There is no community “{code}”.", "没有社区“{code}”。"},
)

// pageSentences are the sentences for people by those for programs.
var pageSentences = map[string]string{
	"point.outside": "page.outside", "point.outsideSwapped": "page.outsideSwapped",
	"point.range": "page.range", "point.swapped": "page.swapped", "point.accuracy": "page.accuracy",
	"where.missing": "page.missing", "where.twice": "page.twice", "where.number": "page.number",
	"where.accuracy": "page.accuracy", "where.crs": "page.crs",
	"database": "page.away", "timeout": "page.away",
	"grid.notFound": "page.noGrid", "division.notFound": "page.noDivision",
}

// forPeople is the refusal in the words of the page.
func forPeople(f *fault.Error, lang fault.Language) string {
	shown := *f
	if key, ok := pageSentences[f.Key]; ok {
		shown.Key = key
	}
	if f.Key == "where.missing" && f.Field == "crs" {
		shown.Key = "page.crs"
	}
	shown.Args = maps.Clone(f.Args)
	for _, name := range []string{"field", "axis"} {
		if parameter, ok := f.Args[name].(string); ok {
			if word, err := say(lang, parameter); err == nil {
				shown.Args[name] = word
			}
		}
	}
	return shown.Text(lang)
}

// decimalSign is what people type for the decimal point where the keyboard is a Chinese one.
var decimalSign = strings.NewReplacer(",", ".", "。", ".", "、", ".")

// typed is values with the numbers as a person may have typed them: full-width digits, a comma for the point. No
// coordinate needs a comma for thousands. Programs (/where) are held to one way of writing.
func typed(values params) params {
	out := slices.Clone(values)
	for i, one := range out {
		switch one.name {
		case "lng", "lat", "accuracy":
			out[i].value = decimalSign.Replace(width.Fold.String(one.value))
		}
	}
	return out
}

// printable is the beginning of what somebody wrote into an address, fit to be shown.
func printable(s string) string {
	const most = 32 // as long as a code may be
	clean := []rune(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, s))
	if len(clean) > most {
		clean = append(clean[:most], '…')
	}
	return string(clean)
}

// wantsJSON reports whether r asks for JSON and not for a page.
func wantsJSON(r *http.Request) bool {
	accept := strings.ToLower(strings.Join(r.Header.Values("Accept"), ","))
	return strings.Contains(accept, "application/json") && !strings.Contains(accept, "text/html")
}

// lost answers what nothing else in mux does: a page with a way home. An address that can be read, but not be sent to,
// stays 405.
func (s *site) lost(mux *http.ServeMux) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			v := s.newView(r)
			v.Lost = true
			s.refuse(w, r, v, fault.New(fault.NotFound, "", "page.lost"))
			return
		}
		reading := r.Clone(r.Context())
		reading.Method = http.MethodGet
		refusal := answer.Refuse(r, s.log, fault.New(fault.NotFound, "", "page.lost"))
		if _, pattern := mux.Handler(reading); pattern != "/" {
			w.Header().Set("Allow", "GET, HEAD")
			refusal = answer.Refuse(r, s.log, fault.New(fault.Invalid, "", "page.method"))
			refusal.Status = http.StatusMethodNotAllowed
		}
		refusal.Write(w, r)
	}
}
