package main

import "net/url"

// strangers put values into addresses, headers and fields.
func (t *town) strangers() error {
	v, err := t.visitor()
	if err != nil {
		return err
	}
	for _, value := range []string{typedName, typedNumber, typedPhone, typedPassword, typedAddress, typedName + " " + typedPhone} {
		path, query := url.PathEscape(value), url.QueryEscape(value)
		for _, p := range []string{
			"/where?lng=" + query + "&lat=31&crs=wgs84", "/where?lng=121&lat=31&crs=" + query, "/where?address=" + query, "/where?lng=121&lat=31&crs=wgs84&at=" + query + "&accuracy=" + query, "/search?q=" + query, "/?q=" + query,
			"/g/" + path, "/b/" + path, "/w/" + path, "/c/" + path, "/coverage/" + path, "/" + path, "/photos/" + path + "?size=" + query, "/assets/" + path, "/c?page=" + query, "/sign-in?next=/" + query,
			"/tiles/" + path + "/1/1/1.mvt", "/tiles/grids/" + path + "/1/1.mvt", "/tiles/" + path + ".json", "/tiles/grids/1/1/1.mvt?v=" + query, "/style.json?x=" + query, "/metrics?x=" + query, "/readyz?" + query,
			"/signboards/" + path + ".pdf", "/signboards/buildings/" + path, "/signboards/cards/" + path + ".svg", "/signboards/badges/" + path + ".pdf", "/signboards/atlas/" + path + ".pdf", "/signboards/print/" + path,
			"/graphql?query=" + url.QueryEscape(`{ grid(code: "`+value+`") { code } }`), "/graphql?query=" + url.QueryEscape(`{ searchAddress(text: "`+value+`") { x`), "/graphql?query=%7Bviewer%7Bkind%7D%7D&variables=" + query, "/graphql?id=" + query,
		} {
			// A page may show people what they typed; what refuses JSON and tiles may not.
			if _, err := v.ask(false, "GET", p, "", "", "Accept", "application/json", "User-Agent", "browser of "+query, "Referer", t.url+"/search?q="+query, "If-None-Match", `"`+query+`"`); err != nil {
				return err
			}
		}
		for _, header := range []string{"Authorization", "Cookie", "Origin", "Accept-Language", "X-Forwarded-For", "Accept-Encoding", "Content-Type", "If-Modified-Since", "Last-Event-ID", "Traceparent"} {
			given := query
			switch header {
			case "Authorization":
				given = "Bearer " + query
			case "Cookie":
				given = "wangge=" + query
			}
			for _, p := range []string{"/graphql", "/sign-out", "/account/tokens/" + path, "/photos/" + path, "/signboards/print/" + path, "/" + path} {
				if _, err := v.ask(false, "POST", p, formKind, "x="+query, header, given); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
