package report

// The parts of OSCAL that landlord writes.
type (
	// oscalNamed is what everything has that a document refers to.
	oscalNamed struct {
		UUID        string `json:"uuid"`
		Title       string `json:"title"`
		Description string `json:"description"`
	}
	oscalProp struct {
		Name  string `json:"name"`
		NS    string `json:"ns,omitempty"`
		Value string `json:"value"`
	}
	oscalMetadata struct {
		Title        string       `json:"title"`
		LastModified string       `json:"last-modified"`
		Version      string       `json:"version"`
		OSCAL        string       `json:"oscal-version"`
		Props        []oscalProp  `json:"props,omitempty"`
		Parties      []oscalParty `json:"parties,omitempty"`
		Remarks      string       `json:"remarks,omitempty"`
	}
	oscalParty struct {
		UUID string `json:"uuid"`
		Type string `json:"type"`
		Name string `json:"name"`
	}
	oscalResults struct {
		UUID     string        `json:"uuid"`
		Metadata oscalMetadata `json:"metadata"`
		ImportAP struct {
			Href    string `json:"href"`
			Remarks string `json:"remarks,omitempty"`
		} `json:"import-ap"`
		Results    []oscalResult   `json:"results"`
		BackMatter oscalBackMatter `json:"back-matter"`
	}
	oscalBackMatter struct {
		Resources []oscalNamed `json:"resources"`
	}
	oscalResult struct {
		oscalNamed
		Start        string             `json:"start"`
		End          string             `json:"end"`
		Props        []oscalProp        `json:"props,omitempty"`
		Local        oscalLocal         `json:"local-definitions"`
		Reviewed     oscalReviewed      `json:"reviewed-controls"`
		Observations []oscalObservation `json:"observations,omitempty"`
		Risks        []oscalRisk        `json:"risks,omitempty"`
		Findings     []oscalFinding     `json:"findings,omitempty"`
		Remarks      string             `json:"remarks,omitempty"`
	}
	oscalLocal struct {
		Components []oscalComponent `json:"components"`
	}
	oscalComponent struct {
		UUID        string      `json:"uuid"`
		Type        string      `json:"type"`
		Title       string      `json:"title"`
		Description string      `json:"description"`
		Props       []oscalProp `json:"props,omitempty"`
		Status      struct {
			State string `json:"state"`
		} `json:"status"`
	}
	oscalReviewed struct {
		Selections []oscalSelection `json:"control-selections"`
	}
	oscalSelection struct {
		Description string         `json:"description"`
		Include     []oscalControl `json:"include-controls"`
	}
	oscalControl struct {
		ID string `json:"control-id"`
	}
	oscalObservation struct {
		oscalNamed
		Props     []oscalProp     `json:"props,omitempty"`
		Methods   []string        `json:"methods"`
		Types     []string        `json:"types"`
		Origins   []oscalOrigin   `json:"origins"`
		Subjects  []oscalSubject  `json:"subjects"`
		Evidence  []oscalEvidence `json:"relevant-evidence,omitempty"`
		Collected string          `json:"collected"`
		Remarks   string          `json:"remarks,omitempty"`
	}
	oscalOrigin struct {
		Actors []oscalActor `json:"actors"`
	}
	oscalActor struct {
		Type string `json:"type"`
		UUID string `json:"actor-uuid"`
	}
	oscalSubject struct {
		UUID string `json:"subject-uuid"`
		Type string `json:"type"`
	}
	oscalEvidence struct {
		Description string      `json:"description"`
		Props       []oscalProp `json:"props,omitempty"`
	}
	oscalRisk struct {
		oscalNamed
		Statement string        `json:"statement"`
		Props     []oscalProp   `json:"props,omitempty"`
		Status    string        `json:"status"`
		Origins   []oscalOrigin `json:"origins,omitempty"`
		Related   []oscalSeen   `json:"related-observations,omitempty"`
	}
	oscalSeen struct {
		UUID string `json:"observation-uuid"`
	}
	oscalRiskOf struct {
		UUID string `json:"risk-uuid"`
	}
	oscalFinding struct {
		oscalNamed
		Props  []oscalProp   `json:"props,omitempty"`
		Target oscalTarget   `json:"target"`
		Seen   []oscalSeen   `json:"related-observations,omitempty"`
		Risks  []oscalRiskOf `json:"related-risks,omitempty"`
	}
	oscalTarget struct {
		Type   string      `json:"type"`
		ID     string      `json:"target-id"`
		Title  string      `json:"title"`
		Status oscalStatus `json:"status"`
	}
	oscalStatus struct {
		State   string `json:"state"`
		Reason  string `json:"reason"`
		Remarks string `json:"remarks"`
	}
)
