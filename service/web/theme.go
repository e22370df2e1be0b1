package web

import "net/http"

const themeCookie = "landlord_theme"

// themeOf is the appearance that was chosen: "light", "dark", or "" for the
// system's.
func themeOf(r *http.Request) string {
	c, err := r.Cookie(themeCookie)
	if err != nil || c.Value != "light" && c.Value != "dark" {
		return ""
	}
	return c.Value
}

// chooseTheme keeps the appearance in a cookie, so that it needs no script.
func (s *Server) chooseTheme(v *visit) error {
	theme := v.PostFormValue("theme")
	age := 365 * 24 * 3600
	if theme != "light" && theme != "dark" {
		theme, age = "", -1
	}
	http.SetCookie(v.w, &http.Cookie{Name: themeCookie, Value: theme, Path: "/", MaxAge: age, HttpOnly: true, Secure: s.secure(), SameSite: http.SameSiteLaxMode})
	return v.redirect(within(v.PostFormValue("next"), "/"))
}
