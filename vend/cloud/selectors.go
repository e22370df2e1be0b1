package cloud

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
)

// lookSelectors reads which events a trail logs, where that was changed.
const lookSelectors = "cloudtrail:GetEventSelectors"

// partial tells whether a trail leaves management events out.
//
// Source: CloudTrail API reference, EventSelector and AdvancedFieldSelector.
func (m *Member) partial(ctx context.Context, t types.Trail) (bool, error) {
	out, err := inside(ctx, m, lookSelectors, m.cloudtrail.GetEventSelectors, &cloudtrail.GetEventSelectorsInput{TrailName: t.TrailARN})
	if err != nil {
		return false, err
	}
	read, write := false, false
	for _, e := range out.EventSelectors {
		if (e.IncludeManagementEvents == nil || *e.IncludeManagementEvents) && len(e.ExcludeManagementEventSources) == 0 {
			read = read || e.ReadWriteType != types.ReadWriteTypeWriteOnly
			write = write || e.ReadWriteType != types.ReadWriteTypeReadOnly
		}
	}
	for _, a := range out.AdvancedEventSelectors {
		of, reads, writes := false, true, true
		for _, f := range a.FieldSelectors {
			switch aws.ToString(f.Field) {
			case "eventCategory":
				of = slices.Contains(f.Equals, "Management")
			case "readOnly":
				reads, writes = slices.Contains(f.Equals, "true"), slices.Contains(f.Equals, "false")
			default: // of some alone
				reads, writes = false, false
			}
		}
		read, write = read || of && reads, write || of && writes
	}
	return !read || !write, nil
}
