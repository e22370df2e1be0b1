package cloud

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"landlord/internal/clock"
	"landlord/vend/execute"
)

// TestWithoutCredentials: what keeps a caller from credentials is told, and whether
// waiting helps.
func TestWithoutCredentials(t *testing.T) {
	answers := func(status int, body string) string {
		h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/xml")
			w.WriteHeader(status)
			w.Write([]byte(body))
		}))
		t.Cleanup(h.Close)
		return h.URL
	}
	refused := `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not yours</Message></Error></ErrorResponse>`
	off := map[string]string{"AWS_EC2_METADATA_DISABLED": "true"}
	for _, tt := range []struct {
		name, profile string
		env           map[string]string
		passes        bool
		says          string
	}{
		{"there are none", "", off, false, "there are no AWS credentials"},
		{"the machine has no role", "", map[string]string{"AWS_EC2_METADATA_SERVICE_ENDPOINT": answers(http.StatusNotFound, "")}, false, "there are no AWS credentials"},
		{"nobody is signed in", "sso_session = s\nsso_account_id = 111122223333\nsso_role_name = admin\n[sso-session s]\nsso_region = us-east-1\nsso_start_url = https://example.awsapps.com/start", off, true, "SSO.*aws sso login"},
		{"a program fails", "credential_process = false", off, true, "exit status 1.*mend what gives them"},
		{"the role is refused", "role_arn = arn:aws:iam::111122223333:role/admin\nsource_profile = keys\n[profile keys]\naws_access_key_id = a\naws_secret_access_key = b", map[string]string{"AWS_ENDPOINT_URL_STS": answers(http.StatusForbidden, refused)}, false, "AWS gives no credentials as the profile asks for them: .*not yours"},
		{"the role's server is away", "role_arn = arn:aws:iam::111122223333:role/admin\nsource_profile = keys\n[profile keys]\naws_access_key_id = a\naws_secret_access_key = b", map[string]string{"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1", "AWS_MAX_ATTEMPTS": "1"}, true, "connection refused"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			home := t.TempDir()
			file := filepath.Join(home, "config")
			if err := os.WriteFile(file, []byte("[default]\n"+tt.profile+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			for name, value := range map[string]string{"HOME": home, "AWS_CONFIG_FILE": file, "AWS_SHARED_CREDENTIALS_FILE": filepath.Join(home, "none"), "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "", "AWS_REGION": "us-east-1"} {
				t.Setenv(name, value)
			}
			for name, value := range tt.env {
				t.Setenv(name, value)
			}
			client, err := FromEnvironment(t.Context(), Options{Clock: clock.Scaled(time.Now(), 1000)})
			if err != nil {
				t.Fatal(err)
			}
			_, err = client.Caller(t.Context())
			object, bad := ObjectFromEnvironment(t.Context(), "s3://bucket/key")
			if bad != nil {
				t.Fatal(bad)
			}
			_, lock := object.Read(t.Context())
			for _, err := range []error{err, lock} {
				if _, is := errors.AsType[*CredentialsError](err); !is || errors.Is(err, execute.ErrUnknown) != tt.passes || !regexp.MustCompile(tt.says).MatchString(err.Error()) {
					t.Errorf("got %v, want %q, and that waiting helps: %t", err, tt.says, tt.passes)
				}
			}
		})
	}
}
