package cloud_test

import (
	"testing"

	"landlord/internal/clock"
	"landlord/vend/cloud"
)

// TestEndpoint: where the organization is asked for follows from the environment,
// as the SDK reads it.
func TestEndpoint(t *testing.T) {
	for _, tt := range []struct{ name, all, own, region, at string }{
		{"AWS", "", "", "us-east-1", "https://organizations.us-east-1.amazonaws.com"},
		{"AWS GovCloud", "", "", "us-gov-west-1", "https://organizations.us-gov-west-1.amazonaws.com"},
		{"an emulator", "http://127.0.0.1:4599", "", "us-east-1", "http://127.0.0.1:4599"},
		{"one for Organizations alone", "http://127.0.0.1:4599", "http://127.0.0.1:4600", "us-east-1", "http://127.0.0.1:4600"},
	} {
		t.Setenv("AWS_ENDPOINT_URL", tt.all)
		t.Setenv("AWS_ENDPOINT_URL_ORGANIZATIONS", tt.own)
		t.Setenv("AWS_REGION", tt.region)
		c, err := cloud.FromEnvironment(t.Context(), cloud.Options{Clock: clock.Real()})
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Endpoint(); got != tt.at {
			t.Errorf("%s: at %q, want %q", tt.name, got, tt.at)
		}
	}
}
