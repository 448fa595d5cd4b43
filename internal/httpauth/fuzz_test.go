package httpauth

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"wangge/domain/account"
)

// FuzzBearer: nothing but the token makes an operator.
func FuzzBearer(f *testing.F) {
	f.Add("Bearer " + token)
	f.Add("Basic " + token)
	f.Add("bearer\t" + token)
	who := Bearer(token)
	f.Fuzz(func(t *testing.T, header string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header["Authorization"] = []string{header}
		a, err := who(r)
		if err == nil && (a != account.TheOperator() || !strings.Contains(header, token)) {
			t.Errorf("%q is %+v", header, a)
		}
	})
}
