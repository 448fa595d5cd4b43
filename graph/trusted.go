package graph

import (
	"crypto/sha256"
	"embed"
	"errors"
	"io/fs"
	"os"
	"strings"

	"wangge/internal/fault"
)

// The documents of our own pages, and those that most front-ends begin with.
//
//go:embed documents/*.graphql
var ownDocuments embed.FS

// trusted are documents that a request names by documentId: "sha256:" and the hash of their text, as GraphQL over HTTP
// has it (appendix A, persisted documents). A text that is one of them is trusted as well.
type trusted map[string]string

var _ = fault.Register(
	[3]string{"trusted.notFound", "No document {id} is known here.", "没有编号为 {id} 的文档。"},
	[3]string{"trusted.form", "No document {id} is known here: a documentId is sha256: and the 64 hexadecimal digits of the document's SHA-256.", "没有编号为 {id} 的文档：documentId 应为 sha256: 加上文档 SHA-256 的 64 位十六进制数。"},
	[3]string{"trusted.only", "This server takes only documents that it knows, by their documentId; ask its operator to add yours.", "本服务只接受预先登记的查询文档（documentId），请联系管理者登记。"},
)

const idPrefix = "sha256:"

// trustedDocuments reads our own documents and those in folder. It fails, in one line, where one is no valid document or
// goes beyond the limits of the public; what one costs whose variables must be sent is known only then.
func trustedDocuments(d *documents, folder string) (trusted, error) {
	t := trusted{}
	own, err := fs.Sub(ownDocuments, "documents")
	if err == nil {
		err = t.add(d, own)
	}
	if folder != "" && err == nil {
		err = t.add(d, os.DirFS(folder))
	}
	return t, err
}

func (t trusted) add(d *documents, folder fs.FS) error {
	if _, err := fs.ReadDir(folder, "."); err != nil { // Glob ignores what cannot be read
		return err
	}
	names, err := fs.Glob(folder, "*.graphql")
	if err != nil {
		return err
	}
	var wrong []string
	for _, name := range names {
		raw, err := fs.ReadFile(folder, name)
		if err == nil {
			text := string(raw)
			t[idPrefix+hashOf(text)] = text
			err = d.check(text)
		}
		if err != nil {
			wrong = append(wrong, name+": "+strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", " "))
		}
	}
	if wrong != nil {
		return errors.New(strings.Join(wrong, "; "))
	}
	return nil
}

// notFound is the refusal of an id that is none of t's.
func (t trusted) notFound(id string) error {
	sentence := "trusted.notFound"
	if digits, ok := strings.CutPrefix(id, idPrefix); !ok || len(digits) != 2*sha256.Size {
		sentence = "trusted.form"
	}
	return fault.New(fault.NotFound, "documentId", sentence, "id", fault.Shorten(id, 80))
}

// holds reports whether a text is a trusted document.
func (t trusted) holds(query string) bool {
	_, ok := t[idPrefix+hashOf(query)]
	return ok
}
