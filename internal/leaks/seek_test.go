package main

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"golang.org/x/text/encoding/simplifiedchinese"
)

func packed(t *testing.T, text string, pack func(io.Writer) io.WriteCloser) string {
	t.Helper()
	var b bytes.Buffer
	w := pack(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestPlantedValuesAreFound: in whatever writing and in whatever is packed, once each, told by what they are and not by themselves.
func TestPlantedValuesAreFound(t *testing.T) {
	const name, phone, number, token = "欧阳植入鸣", "13987650421", "11010519870314774X", "wgp_4Q7Z2M6X3K5B"
	gz := func(text string) string {
		return packed(t, text, func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) })
	}
	deflated := packed(t, strings.Repeat("0 0 m ", 200)+"("+phone+") Tj", func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) })
	sheet := packed(t, "", func(w io.Writer) io.WriteCloser {
		z := zip.NewWriter(w)
		f, err := z.Create("xl/sharedStrings.xml")
		if err == nil {
			_, err = fmt.Fprintf(f, "<t>%s</t>", name)
		}
		if err != nil {
			t.Fatal(err)
		}
		return struct {
			io.Writer
			io.Closer
		}{w, z}
	})
	gbk, err := simplifiedchinese.GBK.NewEncoder().String(name)
	if err != nil {
		t.Fatal(err)
	}
	little := ""
	for _, unit := range utf16.Encode([]rune(name)) {
		little += string([]byte{byte(unit), byte(unit >> 8)})
	}
	ascii, err := json.Marshal(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, text, want string }{
		{"a line of a log", "level=INFO msg=x who=" + name + "\n", "a name (as it is)"},
		{"at the end", "tel" + phone, "a phone (as it is)"},
		{"GBK", "姓名 " + gbk, "a name (in GBK)"},
		{"an address", "GET /search?q=" + url.QueryEscape(name) + " HTTP/1.1", "a name (for an address)"},
		{"an address in small letters", "q=" + strings.ToLower(url.QueryEscape(name)), "a name (for an address)"},
		{"quoted by Go", fmt.Sprintf("%+q", name), `a name (with \u)`},
		{"hex", "\\x00" + hex.EncodeToString([]byte("a"+phone)), "a phone (in hex)"},
		{"base64", base64.StdEncoding.EncodeToString([]byte(phone)), "a phone (in base64)"},
		{"base64, one on", base64.RawURLEncoding.EncodeToString([]byte(":" + name + "!")), "a name (in base64)"},
		{"base64, two on", base64.StdEncoding.EncodeToString([]byte("x:" + phone + " and more")), "a phone (in base64)"},
		{"a dump", "COPY public.resident (id, name) FROM stdin;\n1\t" + name + "\n\\.\n", "a name (as it is)"},
		{"a dump that is packed", gz("COPY x FROM stdin;\n" + name + "\n\\.\n"), "gzip at 0"},
		{"a tile in an archive", "PMTiles" + gz("nothing") + gz("tile of "+phone), "a phone (as it is) in FILE, gzip at "},
		{"a PDF", "%PDF-1.4\n1 0 obj <</Filter/FlateDecode>>\nstream\r\n" + deflated + "\nendstream", "a phone (as it is) in FILE, zlib at "},
		{"a spreadsheet", sheet, "FILE, xl/sharedStrings.xml"},
		{"a picture's text", "\x89PNG\r\n\x1a\n\x00\x00\x00\x20zTXtComment\x00\x00" + deflated + "....IEND", "a phone (as it is) in FILE, zlib at "},
		{"a phone as people write it", "Tel. 139 8765 0421", "a phone (taken apart)"},
		{"a phone with dashes", "+86-139-8765-0421", "a phone (taken apart)"},
		{"a number of wide digits", "证件号 １１０１０５１９８７０３１４７７４Ｘ", "a number (taken apart)"},
		{"a number in small letters", "/search?n=11010519870314774x", "a number (taken apart)"},
		{"a number in three", "110105 19870314 774X", "a number (taken apart)"},
		{"a name spaced out", "欧　阳　植　入　鸣", "a name (taken apart)"},
		{"twice for an address", "next=%2Fsearch%3Fq%3D" + url.QueryEscape(url.QueryEscape(name)), "a name (for an address, twice)"},
		{"JSON in JSON", `{"body":"{\"name\":\"\\u6b27\\u9633\\u690d\\u5165\\u9e23\"}"}`, `a name (with \u, twice)`},
		{"a log of nginx", `GET /search?q=\xE6\xAC\xA7\xE9\x98\xB3\xE6\xA4\x8D\xE5\x85\xA5\xE9\xB8\xA3 HTTP`, `a name (with \x)`},
		{"HTML", "<b>&#x6b27;&#x9633;&#x690d;&#x5165;&#x9e23;</b>", "a name (for HTML)"},
		{"HTML, in decimal", "<b>&#27431;&#38451;&#26893;&#20837;&#40483;</b>", "a name (for HTML)"},
		{"UTF-16 of Windows", "\xff\xfe" + little, "a name (in UTF-16)"},
		{"the title of a PDF", "/Title <FEFF6B279633690D51659E23>", "a name (in hex of UTF-16)"},
		{"a hash", fmt.Sprintf(`ETag: "%x"`, sha256.Sum256([]byte(number))), "a number (by its SHA-256)"},
		{"an older hash", fmt.Sprintf("%X", md5.Sum([]byte(phone))), "a phone (by its MD5)"},
		{"the hash of a token", fmt.Sprintf("%x", sha256.Sum256([]byte(token))), ""},
		{"a token", "Authorization: Bearer " + token, "a token (as it is)"},
		{"half of it", name[:9] + " " + phone[:10], ""},
		{"JSON as it is", string(ascii), "a name (as it is)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := newSeeker([]value{{what: "a name", text: name}, {what: "a phone", text: phone}, {what: "a number", text: number}, {what: "a token", text: token, chance: true}})
			if err != nil {
				t.Fatal(err)
			}
			if err := s.text("FILE", []byte(c.text), 0); err != nil {
				t.Fatal(err)
			}
			if c.want == "" {
				if len(s.found) > 0 {
					t.Errorf("found %v", s.found)
				}
				return
			}
			if len(s.found) != 1 || !strings.Contains(s.found[0].String(), c.want) {
				t.Errorf("found %v, want %s", s.found, c.want)
			}
			if said := fmt.Sprint(s.found); strings.Contains(said, name) || strings.Contains(said, phone) {
				t.Errorf("it tells what it found: %s", said)
			}
		})
	}
}

// TestAllOfAFolderIsLookedThrough: files below it and what they are called, without those that are named.
func TestAllOfAFolderIsLookedThrough(t *testing.T) {
	dir := t.TempDir()
	for path, text := range map[string]string{"a/b/c.log": "it is magpie-1742", "key": "magpie-1742", "magpie-1742.txt": "x", "clean": "magpie"} {
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := newSeeker([]value{{what: "a password", text: "magpie-1742"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.folder(dir, func(path string) bool { return filepath.Base(path) == "key" }); err != nil {
		t.Fatal(err)
	}
	if len(s.found) != 2 || s.files != 3 || s.bytes < 20 {
		t.Errorf("%d files, %d bytes: %v", s.files, s.bytes, s.found)
	}
	if _, err := newSeeker([]value{{what: "a short one", text: "12345"}}); err == nil {
		t.Error("what is too short is taken for found nowhere")
	}
}
