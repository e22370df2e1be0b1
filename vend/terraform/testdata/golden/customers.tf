# Made by `landlord terraform export`, which writes this file anew; what is added by hand belongs into files of other names.

# The customers by unit. A new one is an entry of five lines.
locals {
  customers = {
    "fintech" = {
      "acme" = {
        name  = "ACME $${finance} %%{if}"
        email = "aws+acme@example.com"
        tags  = { "cost-center" = "42 + x", "landlord:contact" = "a@acme.example" }
      }
    }
    "healthcare" = {
      "care" = {
        name  = "Care"
        email = "aws+care@example.com"
        tags  = { "landlord:contact" = "c@care.example" }
      }
    }
    "healthcare/eu-west-1" = {
      "medi" = {
        name  = "Medi"
        email = "aws+medi@example.com"
        tags  = { "landlord:contact" = "m@medi.example", "landlord:region" = "eu-west-1", "landlord:suspended" = "2026-11-23T12:00:00Z" }
      }
    }
    "standard" = {
      "old" = {
        name  = "Old"
        email = "old@another.example"
        tags  = { "landlord:contact" = "o@old.example", "theirs" = "stays" }
      }
    }
  }
}
