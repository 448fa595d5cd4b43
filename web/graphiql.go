package web

import (
	"bytes"
	"fmt"
	"net/http"

	"wangge/internal/answer"
)

// explorer is GraphiQL over /graphql, with its files on board. Its editor (CodeMirror 5) sets styles by script, which the policy of inline
// styles is not about.
func (s *site) explorer(w http.ResponseWriter, r *http.Request) {
	v := s.newView(r)
	var body bytes.Buffer
	if err := templates.ExecuteTemplate(&body, "explorer", v); err != nil {
		answer.Refuse(r, s.log, fmt.Errorf("explorer template: %w", err)).Write(w, r)
		return
	}
	header := w.Header()
	header.Set("Vary", "Accept-Language")
	header.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; "+
		"img-src 'self' data:; connect-src 'self'; font-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	header.Set("Referrer-Policy", "no-referrer")
	reply(w, r, http.StatusOK, asHTML, body.Bytes())
}
