package signboard

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
	"net/url"
	"strings"

	"wangge/internal/fault"
	"wangge/signboard/paper"
)

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("board").Parse(pageText))

// printScript is the only script of the page: it prints. Without it there is the PDF.
const printScript = `var b=document.getElementById("print");b.hidden=false;b.addEventListener("click",function(){print()})`

// pagePolicy lets the page run that script and no other.
var pagePolicy = func() string {
	sum := sha256.Sum256([]byte(printScript))
	return "default-src 'none'; script-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
}()

// option is a choice of the page's form.
type option struct {
	Value, Label string
	Chosen       bool
}

// download is a link to something to fetch.
type download struct{ URL, Label string }

// page writes the page of a board: the board itself, which size and way, what else there is of the grid.
func (d *door) page(w io.Writer, f Facts, format Format, sheet *paper.Sheet, missing []rune, at string) error {
	var svg bytes.Buffer
	if err := paper.WriteSVG(&svg, sheet, d.fonts); err != nil {
		return err
	}
	drawn := svg.String()
	if i := strings.Index(drawn, "<svg"); i > 0 { // a page has no XML declaration in its midst
		drawn = drawn[i:]
	}
	en := f.Lang == fault.English
	say := func(zh, english string) string {
		if en {
			return english
		}
		return zh
	}
	query := url.Values{"size": {format.Size}, "orientation": {format.orientation()}, "lang": {"zh"}}
	other := url.Values{"size": {format.Size}, "orientation": {format.orientation()}, "lang": {"en"}}
	if en {
		query, other = other, query
	}
	view := struct {
		Lang, Title, Heading, At, Page, Sheet, Size, Orientation, Choose, Print, Missing, MissingList, OtherURL, OtherLabel, LangValue string
		Sizes, Orientations                                                                                                            []option
		Files, More                                                                                                                    []download
		MoreLabel, Back, BackURL                                                                                                       string
		SVG                                                                                                                            template.HTML
		Script                                                                                                                         template.JS
		PageCSS                                                                                                                        template.CSS
	}{
		Lang: sheet.Lang, Title: sheet.Title, Heading: sheet.Title, At: at, Size: say("尺寸", "Size"), Orientation: say("方向", "Orientation"),
		Choose: say("查看", "Show"), Print: say("打印", "Print"), LangValue: query.Get("lang"),
		OtherURL: at + "?" + other.Encode(), OtherLabel: say("English", "中文"), MoreLabel: say("本网格的其他印刷品", "Also to print"),
		Back: say("网格页面", "The grid's page"), BackURL: "/g/" + url.PathEscape(f.Grid.Code),
		SVG: template.HTML(drawn), Script: template.JS(printScript), // written by package paper, which escapes what comes from data
		PageCSS: template.CSS("@page{size:" + strings.ToUpper(format.Size) + " " + format.orientation() + ";margin:0}"),
	}
	for _, s := range Sizes {
		view.Sizes = append(view.Sizes, option{s, strings.ToUpper(s), s == format.Size})
	}
	view.Orientations = []option{{"landscape", say("横向", "Landscape"), format.Landscape}, {"portrait", say("纵向", "Portrait"), !format.Landscape}}
	for _, kind := range []string{"pdf", "svg", "png"} {
		view.Files = append(view.Files, download{at + "." + kind + "?" + query.Encode(), strings.ToUpper(kind)})
	}
	code, lang := url.PathEscape(f.Grid.Code), "?lang="+query.Get("lang")
	view.More = []download{
		{"/signboards/cards/" + code + ".pdf" + lang, wCard.in(f.Lang)},
		{"/signboards/leaflet/" + code + ".pdf" + lang, wLeaflet.in(f.Lang)},
	}
	if len(f.Workers) > 0 {
		view.More = append(view.More, download{"/signboards/badges/" + code + ".pdf" + lang, wBadge.in(f.Lang)})
	}
	view.More = append(view.More, download{"/g/" + code + "/map.svg" + lang, wMap.in(f.Lang)})
	if len(missing) > 0 {
		view.Missing = say("以下字在字库中缺失，牌上以〓占位，请印刷时补字：", "The font lacks these characters, which the board shows as 〓; the print shop has to set them:")
		view.MissingList = string(missing)
	}
	return pageTemplate.Execute(w, view)
}
