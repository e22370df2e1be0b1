package simaws

import (
	"cmp"
	"fmt"
)

// fault is a call that AWS answers with an error.
type fault struct {
	status    int    // HTTP status; 0 means 400
	code      string // exception type
	reason    string // Reason, for the exceptions that have one
	message   string
	throttled bool // for being too fast, not for what it asked
}

func (f *fault) Error() string {
	if f.reason != "" {
		return fmt.Sprintf("%s: %s: %s", f.code, f.reason, f.message)
	}
	return f.code + ": " + f.message
}

// refuse returns the fault of an exception type, with AWS's usual sentence.
func refuse(code string) *fault {
	return &fault{code: code, message: sentences[code]}
}

// invalid returns InvalidInputException. Without a message it has AWS's sentence
// for the reason.
func invalid(reason, message string) *fault {
	return reasoned("InvalidInputException", reason, message)
}

// constraint returns ConstraintViolationException, as invalid does.
func constraint(reason, message string) *fault {
	return reasoned("ConstraintViolationException", reason, message)
}

func reasoned(code, reason, message string) *fault {
	return &fault{code: code, reason: reason, message: cmp.Or(message, quoted[reason], serviceModel().Reasons[code][reason])}
}

// quoted are the messages by Reason where AWS words them otherwise than its
// service model does: clients compare some of them.
//
// Source: as users quote them: hashicorp/terraform-provider-aws#12597 and #41493
// (policies), aws-samples/iam-identity-center-team#355 (administrators),
// aws-ia/terraform-aws-control_tower_account_factory#149 and boto/boto3#4565
// (patterns); awslabs/landing-zone-accelerator-on-aws compares the service's;
// getmoto/moto has the values that are invalid.
var quoted = map[string]string{
	"ACCOUNT_NUMBER_LIMIT_EXCEEDED":                     "You have exceeded the allowed number of AWS accounts.",
	"CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR": "You cannot register management account/yourself as delegated administrator for your organization.",
	"CLOSE_ACCOUNT_QUOTA_EXCEEDED":                      "You have exceeded close account quota for the past 30 days.",
	"INVALID_ENUM_POLICY_TYPE":                          "You specified an invalid value.",
	"INVALID_PATTERN_TARGET_ID":                         "You specified an invalid value.",
	"INVALID_SYNTAX_POLICY_ID":                          "You specified an invalid value.",
	"INVALID_PATTERN":                                   "You provided a value that does not match the required pattern.",
	"MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED":         "You have attached the maximum number of policies to the specified target.",
	"MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED":         "You cannot remove the last policy attached to the specified target. You must have at least one attached at all times.",
	"POLICY_CONTENT_LIMIT_EXCEEDED":                     "You have exceeded the maximum policy size.",
	"UNRECOGNIZED_SERVICE_PRINCIPAL":                    "You specified an unrecognized service principal.",
}

// sentences are the messages of the exceptions, as AWS words them where users
// have quoted them and as its API reference explains them elsewhere.
var sentences = map[string]string{
	"AWSOrganizationsNotInUseException":              "Your account is not a member of an organization.",
	"AccountAlreadyClosedException":                  "You attempted to close an account that is already closed.",
	"AccountNotFoundException":                       "You specified an account that doesn't exist.",
	"AccountAlreadyRegisteredException":              "The provided account is already a delegated administrator for your organization.",
	"AccountNotRegisteredException":                  "The provided account is not a registered delegated administrator for your organization.",
	"AlreadyInOrganizationException":                 "The AWS account is already a member of an organization.",
	"ChildNotFoundException":                         "You specified a child that doesn't exist.",
	"ConcurrentModificationException":                "AWS Organizations can't complete your request because it conflicts with another attempt to modify the same entity. Try again later.",
	"ConflictException":                              "The request failed because it conflicts with the current state of the specified resource.",
	"CreateAccountStatusNotFoundException":           "You specified a create account request that doesn't exist.",
	"DestinationParentNotFoundException":             "You specified a destination parent that doesn't exist.",
	"DuplicateAccountException":                      "The account is already in the specified destination.",
	"DuplicateOrganizationalUnitException":           "An OU with the same name already exists.",
	"DuplicatePolicyAttachmentException":             "The policy is already attached to the specified target.",
	"DuplicatePolicyException":                       "A policy with the same name already exists.",
	"EffectivePolicyNotFoundException":               "If you ran this action on the management account, this policy type is not enabled. If you ran the action on a member account, the account doesn't have an effective policy of this type.",
	"ResourcePolicyNotFoundException":                "We can't find a resource policy request with the parameter that you specified.",
	"DuplicateHandshakeException":                    "A handshake with the same action and target already exists.",
	"HandshakeAlreadyInStateException":               "The specified handshake is already in the requested state.",
	"HandshakeNotFoundException":                     "We can't find a handshake with the HandshakeId that you specified.",
	"InvalidHandshakeTransitionException":            "You can't perform the operation on the handshake in its current state.",
	"MalformedPolicyDocumentException":               "The provided policy document does not meet the requirements of the specified policy type.",
	"MasterCannotLeaveOrganizationException":         "The management account can't leave the organization. Delete the organization instead.",
	"OrganizationNotEmptyException":                  "To delete an organization you must first remove all member accounts (except the management account).",
	"OrganizationalUnitNotEmptyException":            "The organizational unit is not empty. Move all accounts to another OU or to the root, and remove all child OUs, then try again.",
	"OrganizationalUnitNotFoundException":            "You specified an organizational unit that doesn't exist.",
	"ParentNotFoundException":                        "You specified a parent that doesn't exist.",
	"PolicyInUseException":                           "The policy is attached to one or more entities. You must detach it from all roots, OUs, and accounts before performing this operation.",
	"PolicyNotAttachedException":                     "The policy isn't attached to the specified target.",
	"PolicyNotFoundException":                        "You specified a policy that doesn't exist.",
	"PolicyTypeAlreadyEnabledException":              "The specified policy type is already enabled.",
	"PolicyTypeNotAvailableForOrganizationException": "This operation can be performed only for policy types that are available to the organization.",
	"PolicyTypeNotEnabledException":                  "This operation can be performed only for enabled policy types.",
	"ResponsibilityTransferNotFoundException":        "We can't find a transfer that you specified.",
	"RootNotFoundException":                          "You specified a root that doesn't exist.",
	"SourceParentNotFoundException":                  "You specified a source parent that doesn't exist, or the account is not in it.",
	"TargetNotFoundException":                        "You specified a target that doesn't exist.",
}
