package support

import (
	"slices"
	"strings"
)

// publicMailboxes are domains at which anybody can have an address, so that the
// domain tells nothing. Country variants of a provider are listed by Public.
var publicMailboxes = []string{
	"126.com", "163.com", "aim.com", "aol.com", "bluewin.ch", "btinternet.com", "comcast.net", "cox.net", "duck.com", "fastmail.com", "fastmail.fm", "free.fr", "freenet.de",
	"gmail.com", "gmx.at", "gmx.ch", "gmx.com", "gmx.de", "gmx.net", "googlemail.com", "hey.com", "hotmail.com", "hushmail.com", "icloud.com", "inbox.lv", "laposte.net",
	"libero.it", "live.com", "mac.com", "mail.com", "mail.ru", "mailbox.org", "me.com", "msn.com", "naver.com", "o2.pl", "orange.fr", "outlook.com", "pm.me", "posteo.de",
	"proton.me", "protonmail.ch", "protonmail.com", "qq.com", "rediffmail.com", "rocketmail.com", "sbcglobal.net", "seznam.cz", "sina.com", "t-online.de", "tuta.com", "tutanota.com",
	"tutanota.de", "verizon.net", "wanadoo.fr", "web.de", "wp.pl", "yahoo.com", "yandex.com", "yandex.ru", "ymail.com", "zoho.com", "zohomail.com",
}

// ofCountries are providers that have a domain in many countries: hotmail.co.uk.
var ofCountries = []string{"gmx", "hotmail", "live", "outlook", "yahoo", "yandex"}

// Public tells whether anybody can have an address at a domain.
func Public(domain string) bool {
	if _, is := slices.BinarySearch(publicMailboxes, domain); is {
		return true
	}
	registered, known := organizationOf(domain)
	if !known {
		return false
	}
	_, is := slices.BinarySearch(publicMailboxes, registered)
	name, _, _ := strings.Cut(registered, ".")
	return is || slices.Contains(ofCountries, name)
}
