package paper

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ledongthuc/pdf"

	"wangge/internal/fault"
)

// fonts are this machine's: script/install-debian.sh puts them there. Rare letters they have not, whatever is installed.
func fonts(t testing.TB) *Fonts {
	t.Helper()
	f, err := Load("")
	if err != nil {
		t.Fatal(err)
	}
	return &Fonts{faces: f.faces}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	rubbish := filepath.Join(dir, "rubbish.ttf")
	if err := os.WriteFile(rubbish, []byte("\x00\x01\x00\x00\x00\x02 not a font"), 0o600); err != nil {
		t.Fatal(err)
	}
	// A font cut off in the middle, as a full disk leaves it.
	here := places[slices.IndexFunc(places, func(p string) bool { _, err := os.Stat(p); return err == nil })]
	whole, err := os.ReadFile(here)
	if err != nil {
		t.Fatal(err)
	}
	half := filepath.Join(dir, "half.ttc")
	if err := os.WriteFile(half, whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(dir, "none.ttf"), rubbish, half, dir, here + string(os.PathListSeparator) + rubbish} {
		if _, err := Load(path); !fault.Is(err, fault.Invalid) || fault.As(err).Field != "font" {
			t.Errorf("Load(%s) = %v, want INVALID of font", path, err)
		}
	}
	other := filepath.Join(dir, "other.ttc")
	if err := os.WriteFile(other, append(whole, 0), 0o600); err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	for _, path := range []string{here, other, here + string(os.PathListSeparator) + other, other + string(os.PathListSeparator) + here} {
		f, err := Load(path)
		if err != nil {
			t.Fatal(err)
		}
		if same, ok := seen[f.Fingerprint()]; ok {
			t.Errorf("%s has the fingerprint of %s", path, same)
		}
		seen[f.Fingerprint()] = path
	}

	usual := places
	defer func() { places = usual }()
	places = []string{filepath.Join(dir, "none.ttf"), half}
	_, err = Load("")
	if !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "fonts-wqy-microhei") || errors.Is(err, os.ErrNotExist) {
		t.Errorf("Load of nothing = %v, want UNAVAILABLE naming fonts-wqy-microhei, with the broken font as its cause", err)
	}
}

func TestWidth(t *testing.T) {
	f := fonts(t)
	for _, c := range []struct {
		text string
		want float64 // for letters of 10 mm
	}{
		{"", 0},
		{"网格", 20},
		{"《网格》，", 50},
		{"\u202e网\u200b格\u0007", 20},
	} {
		if got := f.Width(c.text, 10, false); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("Width(%q) = %v, want %v", c.text, got, c.want)
		}
	}
	if a, b := f.Width("01234", 10, false), f.Width("56789", 10, false); a != b || a < 20 || a > 35 {
		t.Errorf("five digits are %v and %v mm, want the same, of half a Chinese letter each", a, b)
	}
	if plain, bold := f.Width("网格", 10, false), f.Width("网格", 10, true); bold <= plain || bold > 1.05*plain {
		t.Errorf("bold is %v mm, plain %v", bold, plain)
	}
	if up, down := f.Ascent(10), f.Descent(10); up < 7 || up > 12 || down < 1 || down > 4 {
		t.Errorf("10 mm letters reach %v mm up and %v mm down", up, down)
	}
}

func TestMissing(t *testing.T) {
	f := fonts(t)
	for _, c := range []struct{ text, want string }{
		{"王采薇 13800138000，“网格”——ABC é ①", ""},
		{"王𪛖𠮷𪛖㛃", "𪛖𠮷㛃"},
		{"张\u202e三\u200d\u0000\ufe0f", ""}, // not seen, so not missing
		{"😀李四", "😀"},
	} {
		if got := string(f.Missing(c.text)); got != c.want {
			t.Errorf("Missing(%q) = %q, want %q", c.text, got, c.want)
		}
	}
	// What stands for a missing letter is 〓, as wide as a Chinese letter.
	if got := f.Width("𪛖", 10, false); got != 10 {
		t.Errorf("a missing letter is %v mm wide, want 10", got)
	}
	// A second font is asked for what the first has not.
	two := &Fonts{faces: []*face{{sfnt: f.faces[0].sfnt, em: f.faces[0].em}, f.faces[0]}}
	if got := two.Missing("网格𪛖"); string(got) != "𪛖" {
		t.Errorf("with a second font missing is %q, want 𪛖", string(got))
	}
}

// TestSpareFonts: a letter that the first font has not comes from one that is opened then, and is printed as text; files that are none do no harm.
func TestSpareFonts(t *testing.T) {
	usual := fonts(t).faces[0]
	here := places[slices.IndexFunc(places, func(p string) bool { _, err := os.Stat(p); return err == nil })]
	rubbish := filepath.Join(t.TempDir(), "rubbish.ttf")
	if err := os.WriteFile(rubbish, []byte("not a font"), 0o600); err != nil {
		t.Fatal(err)
	}
	poor := *usual
	poor.glyphs['薇'] = 0
	alone := &Fonts{faces: []*face{&poor}}
	m := withSpare(&Fonts{faces: []*face{&poor}}, []string{rubbish + "x", rubbish, here})
	opened, list := 0, m.spare
	m.spare = func() []*face { opened++; return list() }
	if m.Missing("王采"); opened > 0 {
		t.Error("fonts are opened that are not needed")
	}
	if got := string(alone.Missing("王采薇")); got != "薇" {
		t.Fatalf("alone it lacks %q", got)
	}
	if got := m.Missing("王采薇𰻝"); string(got) != "𰻝" || opened == 0 || len(list()) != 1 {
		t.Errorf("it lacks %q, %d fonts opened", string(got), len(list()))
	}
	if m.Fingerprint() == alone.Fingerprint() {
		t.Error("with fonts to spare it has the fingerprint of those without")
	}
	sheet := &Sheet{W: 100, H: 50, Items: []Item{&Text{At: Point{5, 20}, Text: "王采薇𰻝", Size: 5, Colour: Colour{A: 255}}}}
	file := writePDF(t, m, sheet)
	r, err := pdf.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(r.Page(1).Fonts()); n != 2 {
		t.Errorf("%d fonts", n)
	}
	if got := r.Trailer().Key("Info").Key("Keywords").Text(); got != "缺字 missing characters: 𰻝 U+30EDD" {
		t.Errorf("its keywords are %q", got)
	}
	file = writePDF(t, m, board(t, m, "07"))
	if r, err = pdf.NewReader(bytes.NewReader(file), int64(len(file))); err != nil || !r.Trailer().Key("Info").Key("Keywords").IsNull() {
		t.Errorf("keywords where nothing lacks: %v", err)
	}
}

// TestRareNames: what stands in names and the usual font has not, of extension A and of Unicode's second plane, as GB 18030 lists them.
func TestRareNames(t *testing.T) {
	if _, err := os.Stat(rare[1]); err != nil {
		t.Skip("the Debian package fonts-hanazono is not installed")
	}
	f, err := Load("")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"陈㛃", "梁𫖯", "㐂", "㭎", "𠮷", "𡐓", "𣲗", "𤩽", "𥻗", "𦈡", "𦝼", "𦭜", "𨙸", "𨱏", "𩽾", "𪟝", "𪨰", "𫍯", "𫖮", "𫘦", "𫚖", "𬀩", "𬇙", "𬍛", "𬣙", "𬬭", "𬭎", "𬭚", "𬶍", "𬸦"} {
		if m := f.Missing(name); len(m) > 0 {
			t.Errorf("%s lacks %s", name, string(m))
		}
	}
	file := writePDF(t, f, &Sheet{W: 100, H: 50, Items: []Item{&Text{At: Point{5, 20}, Text: "陈㛃梁𫖯", Size: 5, Colour: Colour{A: 255}}}})
	if len(file) > 40_000 {
		t.Errorf("%d bytes", len(file))
	}
	r, err := pdf.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	said := ""
	for _, letter := range r.Page(1).Content().Text {
		said += letter.S
	}
	if said != "陈㛃梁𫖯" || len(r.Page(1).Fonts()) < 2 {
		t.Errorf("%q in %v", said, r.Page(1).Fonts())
	}
}

func TestClean(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"left as it is", "采薇街道 123 号（东）", "采薇街道 123 号（东）"},
		{"direction of writing", "\u202e张三\u202c\u200f\u2066李\u2069\u061c", "张三李"},
		{"control characters", "a\x00b\x1bc\u0085d\x7fe", "abc de"},
		{"one line", "a\r\nb\tc\u2028d", "a  b c d"},
		{"wide space", "张\u3000三\u00a0四\u2003五", "张\u3000三\u00a0四 五"},
		{"joiners, variants", "\ufeff葛\U000e0100\u200b\u2060\u00ad城\ufe0f", "葛城"},
		{"composed", "e\u0301", "é"},
		{"composed over what is not seen", "e\x00\u0301", "é"},
		{"a heap of accents", "x" + strings.Repeat("\u0335", 50) + "y", "x\u0335\u0335y"},
		{"no text", "a\xff\xfeb\ufffe\U0001ffffc", "abc"},
		{"markup is plain text", `<script>"&'`, `<script>"&'`},
	} {
		if got := Clean(c.text); got != c.want {
			t.Errorf("%s: Clean(%q) = %q, want %q", c.name, c.text, got, c.want)
		} else if again := Clean(got); again != got {
			t.Errorf("%s: cleaned again it is %q", c.name, again)
		}
	}
}

func TestEven(t *testing.T) {
	f := fonts(t)
	pauses := func(before, after string) float64 {
		if strings.ContainsAny(before, "，、") || after == "和" {
			return 1
		}
		return 0.4
	}
	for _, c := range []struct {
		name, text string
		width      float64 // with letters of 10 mm
		natural    func(before, after string) float64
		want       []string
	}{
		{"fits", "网格员", 30, nil, []string{"网格员"}},
		{"no letter alone", "采薇街道小澜河社区", 40, nil, []string{"采薇街", "道小澜", "河社区"}},
		{"two lines", "采薇街道小澜河社区", 80, nil, []string{"采薇街道小", "澜河社区"}},
		{"after a comma", "走访住户，了解家庭变化和需要", 110, pauses, []string{"走访住户，", "了解家庭变化和需要"}},
		{"before a word", "汛期查看沿河低洼处和老房屋", 100, pauses, []string{"汛期查看沿河低洼处", "和老房屋"}},
		{"no comma at the start", "巡查走访，排查", 40, nil, []string{"巡查走", "访，排查"}},
		{"longer than a line", "Llanfairpwllgwyngyll村", 40, nil, []string{"Llanfairp", "wllgwyn", "gyll村"}},
		{"line breaks are kept", "一、巡查\n二、走访", 100, nil, []string{"一、巡查", "二、走访"}},
		{"a blank at a break is not drawn", "甲乙 丙丁", 20, nil, []string{"甲乙", "丙丁"}},
		{"nothing", " ", 20, nil, nil},
	} {
		if got := Even(f, c.text, 10, c.width, false, c.natural); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	if got := Broken(f, "采薇街道小澜河社区", 10, 30, false, 2, nil); got != nil {
		t.Errorf("in two lines that do not hold it: %q", got)
	}
	// Whatever the width: as many lines as Lines has, none too long, and nothing is lost.
	const text = "巡查走访，排查（消防）隐患; call 13800138000 或 12345、监督"
	for width := 25.0; width < 400; width += 7 {
		even, lines := Even(f, text, 10, width, false, pauses), Lines(f, text, 10, width, false)
		if len(even) != len(lines) || strings.ReplaceAll(strings.Join(even, ""), " ", "") != strings.ReplaceAll(text, " ", "") {
			t.Errorf("%g: %q, want as many as %q", width, even, lines)
		}
		for _, l := range even {
			if f.Width(l, 10, false) > width+1e-6 && len([]rune(l)) > 1 {
				t.Errorf("%g: %q is %g mm long", width, l, f.Width(l, 10, false))
			}
		}
	}
}

func TestLines(t *testing.T) {
	f := fonts(t)
	for _, c := range []struct {
		name  string
		text  string
		width float64 // with letters of 10 mm
		want  []string
	}{
		{"fits", "网格员", 30, []string{"网格员"}},
		{"nothing", " \n\u3000\n", 30, nil},
		{"between any two Chinese letters", "采薇街道小澜河社区", 40, []string{"采薇街道", "小澜河社", "区"}},
		{"no comma at the start", "巡查走访，排查隐患。", 40, []string{"巡查走", "访，排查", "隐患。"}},
		{"no bracket at the start", "责任网格（二）号", 70, []string{"责任网格（二）", "号"}},
		{"no bracket at the end", "责任网格《二号》的", 50, []string{"责任网格", "《二号》的"}},
		{"no quote at the start or end", "他说“你好”，走了", 40, []string{"他说“你", "好”，走", "了"}},
		{"a number stays whole", "电话13800138000请拨打", 70, []string{"电话", "13800138000", "请拨打"}},
		{"a telephone number stays whole", "监督电话021-58881234", 70, []string{"监督电话", "021-58881234"}},
		{"a Latin word stays whole", "服务 community station 站", 60, []string{"服务", "community", "station 站"}},
		{"longer than a line", "Llanfairpwllgwyngyll村", 40, []string{"Llanfairp", "wllgwyn", "gyll村"}},
		{"line breaks are kept", "一、巡查\n\n二、走访\r\n三、服务", 100, []string{"一、巡查", "二、走访", "三、服务"}},
		{"a blank at a break is not drawn", "甲乙 丙丁", 20, []string{"甲乙", "丙丁"}},
		{"narrower than a letter", "网格", 5, []string{"网", "格"}},
		{"hostile", "\u202e张三<script>", 200, []string{"张三<script>"}},
	} {
		got := Lines(f, c.text, 10, c.width, false)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}

	// Whatever the width: nothing is lost, no line is too long, none begins or ends with what it must not.
	const text = "东至采薇街，南至小澜河；西至“幸福里（二期）”，北至Zhongshan Road 128号。负责：巡查、走访《服务清单》！你说呢？24小时电话：12345、110……"
	for width := 25.0; width < 300; width++ {
		lines := Lines(f, text, 5, width, true)
		if got := strings.Join(lines, ""); strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(text, " ", "") {
			t.Fatalf("at %v mm: %q", width, lines)
		}
		for _, line := range lines {
			r := []rune(line)
			if strings.ContainsRune("。，、；：？！）》”", r[0]) || strings.ContainsRune("（《“", r[len(r)-1]) || f.Width(line, 5, true) > width {
				t.Errorf("at %v mm: %q (%.1f mm) in %q", width, line, f.Width(line, 5, true), lines)
			}
		}
		if len(lines) < int(f.Width(text, 5, true)/width) {
			t.Errorf("at %v mm: only %d lines", width, len(lines))
		}
	}
}

func TestFit(t *testing.T) {
	f := fonts(t)
	for _, c := range []struct {
		name               string
		text               string
		most, least, width float64
		want               float64
		ok                 bool
	}{
		{"as large as allowed", "王采薇", 20, 10, 100, 20, true},
		{"exactly", "王采薇", 20, 10, 60, 20, true},
		{"smaller", "王采薇", 20, 10, 50, 16.66, true},
		{"not even the least", "王采薇", 20, 18, 50, 18, false},
		{"the least just fits", "王采薇", 20, 10, 30, 10, true},
		{"no text", "", 20, 10, 30, 20, true},
		{"no room", "王", 20, 10, 0, 10, false},
	} {
		got, ok := Fit(f, c.text, c.most, c.least, c.width, false)
		if math.Abs(got-c.want) > 1e-9 || ok != c.ok {
			t.Errorf("%s: %v, %v, want %v, %v", c.name, got, ok, c.want, c.ok)
		}
	}
	for width := 30.0; width < 200; width += 0.37 {
		size, ok := Fit(f, "采薇街道小澜河社区 No. 7", 15, 2, width, true)
		if w := f.Width("采薇街道小澜河社区 No. 7", size, true); !ok || w > width || (size < 15 && w < 0.99*width) {
			t.Errorf("in %v mm: size %v, which is %v mm", width, size, w)
		}
	}
}

func TestShorten(t *testing.T) {
	f := fonts(t)
	for _, c := range []struct {
		text  string
		width float64
		want  string
	}{
		{"采薇街道", 40, "采薇街道"},
		{"采薇街道", 39, "采薇…"},
		{"采薇 街道", 35, "采薇…"},
		{"采薇", 5, "…"},
		{"", 5, ""},
	} {
		if got := Shorten(f, c.text, 10, c.width, false); got != c.want {
			t.Errorf("Shorten(%q, %v mm) = %q, want %q", c.text, c.width, got, c.want)
		}
	}
}
