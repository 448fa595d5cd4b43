package graph

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"

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
	[3]string{"trusted.only", "This server takes only documents that it knows, by their documentId; ask its operator to add yours.", "本服务只接受预先登记的查询文档（documentId），请联系管理者登记。"},
)

const idPrefix = "sha256:"

// trustedDocuments reads our own documents and those in folder. It fails where one is no valid document or goes beyond
// the limits of the public.
func trustedDocuments(d *documents, folder string) (trusted, error) {
	t := trusted{}
	own, err := fs.Sub(ownDocuments, "documents")
	if err == nil {
		err = t.add(d, own)
	}
	if folder != "" && err == nil {
		if _, err = os.Stat(folder); err == nil {
			err = t.add(d, os.DirFS(folder))
		}
	}
	return t, err
}

func (t trusted) add(d *documents, folder fs.FS) error {
	names, err := fs.Glob(folder, "*.graphql")
	if err != nil {
		return err
	}
	var wrong []error
	for _, name := range names {
		raw, err := fs.ReadFile(folder, name)
		if err == nil {
			text := string(raw)
			t[idPrefix+hashOf(text)] = text
			err = d.check(text)
		}
		if err != nil {
			wrong = append(wrong, fmt.Errorf("trusted document %s: %w", name, err))
		}
	}
	return errors.Join(wrong...)
}

// holds reports whether a text is a trusted document.
func (t trusted) holds(query string) bool {
	_, ok := t[idPrefix+hashOf(query)]
	return ok
}
