package cloud

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"sync"
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

// TestRoleOfTheMachine: a machine whose role cannot be had now may have it later; only
// where nobody is there to give one are there no credentials.
func TestRoleOfTheMachine(t *testing.T) {
	ill := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }))
	t.Cleanup(ill.Close)
	silent, err := net.Listen("tcp", "127.0.0.1:0") // nobody accepts
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { silent.Close() })
	none := filepath.Join(t.TempDir(), "none")
	for name, value := range map[string]string{"AWS_CONFIG_FILE": none, "AWS_SHARED_CREDENTIALS_FILE": none, "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "", "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_V1_DISABLED": "true"} {
		t.Setenv(name, value)
	}
	var asked sync.WaitGroup // the SDK takes its time over each
	defer asked.Wait()
	for _, tt := range []struct {
		name, address string
		passes        bool
	}{
		{"is out of order", ill.URL, true},
		{"does not answer", "http://" + silent.Addr().String(), true},
		{"is not there", "http://127.0.0.1:1", false},
	} {
		t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", tt.address)
		cfg, err := fromEnvironment(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		asked.Go(func() {
			_, err := cfg.Credentials.Retrieve(t.Context())
			if why, is := errors.AsType[*CredentialsError](err); !is || why.None == tt.passes || errors.Is(err, execute.ErrUnknown) != tt.passes {
				t.Errorf("who gives the role %s: got %v, want that waiting helps: %t", tt.name, err, tt.passes)
			}
		})
	}
}
