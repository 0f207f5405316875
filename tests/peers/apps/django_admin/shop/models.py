"""One kind of thing to create, change and delete."""

from django.db import models


class Product(models.Model):
    name = models.CharField(max_length=100)
    price = models.IntegerField()
    note = models.TextField(blank=True)

    def __str__(self):
        return self.name
