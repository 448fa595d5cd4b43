package web

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
)

// Framed is a page that another package fills, in the frame of the pages here: their head, style, way home and choice of language.
type Framed struct {
	Title    string
	Style    template.CSS  // of its own, besides that of all pages
	Body     template.HTML // what it says
	Unlisted bool          // nothing for search engines
}

// Frame is f as a page at the address and in the view that r asks for. It loads /assets/ of this server and runs no script.
func Frame(r *http.Request, f Framed) ([]byte, error) {
	v := viewOf(r)
	v.Kiosk = false // what is printed is no part of a kiosk
	var body bytes.Buffer
	err := templates.ExecuteTemplate(&body, "frame", struct {
		View view
		Framed
	}{v, f})
	if err != nil {
		return nil, fmt.Errorf("frame template: %w", err)
	}
	return body.Bytes(), nil
}
