package signboard

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ledongthuc/pdf"

	"wangge/signboard/paper"
)

var update = flag.Bool("update", false, "rewrite the golden sheets")

// demoFacts are those of a board of the demo; internal/acceptance writes them.
func demoFacts(t testing.TB, name string) (f Facts) {
	t.Helper()
	packed, err := os.ReadFile(filepath.Join("testdata", name+".json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(z).Decode(&f); err != nil {
		t.Fatal(err)
	}
	return f
}

// fontName is what the font that m begins with calls itself, as a PDF names it.
func fontName(t *testing.T, m *paper.Fonts) string {
	t.Helper()
	var b bytes.Buffer
	sheet := &paper.Sheet{W: 100, H: 100, Items: []paper.Item{&paper.Text{Text: "网格", At: paper.Point{X: 10, Y: 10}, Size: 5, Colour: paper.Colour{A: 255}}}}
	if err := paper.WritePDF(&b, slices.Values([]*paper.Sheet{sheet}), m); err != nil {
		t.Fatal(err)
	}
	r, err := pdf.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	return r.Page(1).Font("F0").BaseFont()
}

// What people see of the demo's boards is what was looked at. The letters are placed by the widths of fonts-wqy-microhei.
func TestGoldenSheets(t *testing.T) {
	m := fonts(t)
	if name := fontName(t, m); !strings.Contains(name, "WenQuanYiMicroHei") {
		t.Fatalf("the golden sheets are of the Debian package fonts-wqy-microhei, and the font here is %s: install the package", name)
	}
	for name, draw := range map[string]func() *paper.Sheet{
		"two-workers-a3-landscape": func() *paper.Sheet {
			s, _ := Board(demoFacts(t, "two-workers"), Format{"a3", true}, m)
			return s
		},
		"two-parts-a1-portrait": func() *paper.Sheet {
			s, _ := Board(demoFacts(t, "two-parts"), Format{"a1", false}, m)
			return s
		},
		"nobody-a4-portrait":    func() *paper.Sheet { s, _ := Board(demoFacts(t, "nobody"), Format{"a4", false}, m); return s },
		"building-a3-landscape": func() *paper.Sheet { s, _ := Board(demoFacts(t, "building"), Format{"a3", true}, m); return s },
		"cards":                 func() *paper.Sheet { s, _ := Cards(demoFacts(t, "two-workers"), m); return s },
		"leaflet":               func() *paper.Sheet { s, _ := Leaflet(demoFacts(t, "two-workers"), m); return s },
		"badge": func() *paper.Sheet {
			f := demoFacts(t, "two-workers")
			s, _ := Badge(f, f.Workers[0], BadgeHanging, m)
			return s
		},
	} {
		sheet := draw()
		var got bytes.Buffer
		if err := paper.WriteSVG(&got, sheet, m); err != nil {
			t.Fatal(name, err)
		}
		path := filepath.Join("testdata", name+".svg")
		if *update {
			if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(got.Bytes(), want) {
			t.Errorf("%s is another than was looked at (%v); see what changed, then go test ./signboard -update", path, err)
		}
	}
}

func BenchmarkBoard(b *testing.B) {
	m := fonts(b)
	for _, name := range []string{"two-workers", "two-parts", "nobody"} {
		f := demoFacts(b, name)
		for _, format := range []Format{{"a4", false}, {"a3", true}, {"a0", false}, {"a0", true}} {
			b.Run(fmt.Sprint(name, " ", format), func(b *testing.B) {
				before := processor(b)
				for b.Loop() {
					sheet, _ := Board(f, format, m)
					var out bytes.Buffer
					if err := paper.WriteSVG(&out, sheet, m); err != nil {
						b.Fatal(err)
					}
				}
				// What others do on the machine meanwhile does not count in it.
				b.ReportMetric(float64((processor(b)-before).Microseconds())/1000/float64(b.N), "cpu-ms/op")
			})
		}
	}
}

// processor is the time that the processor has worked for this process.
func processor(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
